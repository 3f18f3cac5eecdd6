// Shapes of the summary of the fleet, and of what needs someone.

import { Type } from 'typebox';
import { deviceStates } from '../../../device/row.ts';
import { attentionKinds } from '../../../fleet/overview/attention.ts';
import { choice, list, optional, text, time } from '../common.ts';

const count = (description: string) => Type.Integer({ description });
const counts = <N extends string>(names: readonly N[]) =>
  Type.Object(Object.fromEntries(names.map(name => [name, Type.Integer()])));

export const summary = Type.Object({
  states: counts(deviceStates),
  liveness: counts(['online', 'late', 'lost', 'never']),
  faults: Type.Object({
    open: Type.Integer(),
    groups: count('Groups of faults with the same cause, code and parameter'),
    today: count('Faults that began in the last 24 hours'),
  }),
  drift: optional(
    count('Devices on which something else has changed managed values; absent where parameters may not be read'),
  ),
  knocking: count('CPEs that came without valid credentials'),
  rollouts: counts(['running', 'paused']),
  jobs: counts(['running', 'paused']),
  alerts: optional(counts(['critical', 'warning', 'info'])),
  certificatesEnding: optional(
    count('Devices with a certificate that ends within 30 days; looked up every ten minutes'),
  ),
  countedAt: time,
});

const part = Type.Union([
  Type.Object({ text: Type.String() }),
  Type.Object({ name: Type.String() }),
  Type.Object({ number: Type.Integer() }),
]);
export const attentionEntry = Type.Object({
  kind: choice(attentionKinds, 'In the order of their ranks'),
  text: Type.Array(part, { description: 'A text in parts; names and numbers may be set apart' }),
  count: count('Devices, or messages of a webhook'),
  filter: optional(text('Finds the devices')),
  name: optional(text('The alert, rollout or webhook')),
  since: optional(time),
  facts: optional(
    Type.Object(
      {
        severity: optional(text('Of an alert')),
        code: optional(text('Of faults')),
        cause: optional(Type.String()),
        limit: optional(Type.Integer({ description: 'Failures at which a rollout pauses' })),
        reason: optional(text('Why a rollout has paused')),
        pausedBy: optional(text('The user who has paused a rollout')),
      },
      { description: 'The content of the text, for those that say it in other words' },
    ),
  ),
});
export const attention = list(attentionEntry);
