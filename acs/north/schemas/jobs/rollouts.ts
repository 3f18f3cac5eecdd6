// Shapes of rollouts.
import { Type } from 'typebox';
import { rolloutStates } from '../../../device/rollout-position.ts';
import { weekdays } from '../../../fleet/common/time-window.ts';
import { choice, closed, nullable, optional, page, text, time } from '../common.ts';

const flag = (description: string) => Type.Boolean({ description });

const share = Type.Union([Type.Integer({ minimum: 0 }), text('A share, such as 10%')]);
const window = closed({
  from: text('HH:MM in the time zone of the device'),
  to: text('HH:MM; earlier than `from`: the window ends on the next day'),
  days: optional(Type.Array(choice(weekdays), { description: 'Days on which the window begins; default: all' })),
});
const failure = {
  perWave: optional(share),
  total: optional(share),
  action: optional(choice(['pause', 'rollback'])),
};
const success = {
  soak: optional(
    Type.Number({ minimum: 0, description: 'Seconds to wait after the device reports the new version; default: 600' }),
  ),
  online: optional(flag('Require that the device still informs; default: true')),
  noFault: optional(flag('Require that no fault has occurred since; default: true')),
  filter: optional(text('Require that the device matches this filter')),
};

/** The id that an operator may give. */
export const planId = Type.String({ pattern: '^[A-Za-z0-9][\\w.-]{0,63}$', description: 'Default: a generated one' });

/** Fields that the inputs of rollouts and of jobs have in common. */
export const planFields = {
  waves: optional(
    Type.Array(share, {
      maxItems: 100,
      description: 'Devices per wave, as numbers or shares; the remaining devices form one more wave',
    }),
  ),
  window: optional(window),
  timezone: optional(text('Time zone of devices without site.timezone; default: UTC')),
  parallelism: optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: 'Maximum number of devices at work at once; default: 50',
    }),
  ),
  wake: optional(flag('Send each device a connection request when its turn has come; default: true')),
  timeout: optional(
    Type.Number({
      minimum: 60,
      maximum: 31_536_000,
      description: 'Seconds without progress after which a device counts as failed; default: one day',
    }),
  ),
  after: optional(
    Type.Number({
      minimum: 60,
      maximum: 31_536_000,
      description:
        'Seconds after the opening of a wave after which devices that stay away no longer hold it up; default: one week',
    }),
  ),
  success: optional(closed(success)),
  failure: optional(closed(failure)),
  approval: optional(flag('Wait until another user or token than the author approves it; default: false')),
};

/** The same fields in answers. */
export const plannedFields = {
  waves: Type.Array(share),
  sizes: Type.Array(Type.Integer(), { description: 'Number of devices per wave, once they are planned' }),
  wave: Type.Integer({ description: 'The current wave, counted from 1' }),
  window: optional(window),
  timezone: Type.String(),
  parallelism: Type.Integer(),
  wake: Type.Boolean(),
  timeout: Type.Number(),
  after: Type.Number(),
  waiting: Type.Integer({
    description: 'Devices that had stayed away when it ended; their turn comes when they return',
  }),
  success: Type.Object(success),
  failure: Type.Object(failure),
  approval: optional(
    Type.Object(
      { by: nullable(Type.String()), time: nullable(time) },
      { description: 'It needs an approval: who has given it, and when' },
    ),
  ),
};

const limit = Type.Object({ used: Type.Integer(), of: nullable(Type.Integer()) });

/** Fields that only the answer about one rollout or job has. */
export const courseFields = {
  limits: Type.Object({ total: limit, wave: limit }, { description: 'Failures so far, and how many are allowed' }),
  pace: nullable(
    Type.Integer({ description: 'Devices an hour that have ended, over the last hour; null under 20 of them' }),
  ),
};

export const rolloutInput = closed({
  id: optional(planId),
  filter: optional(text('The devices; alternative to `devices`')),
  devices: optional(Type.Array(Type.String(), { minItems: 1, maxItems: 10_000 })),
  firmware: text('A stored firmware file'),
  ...planFields,
});
export const excludeInput = closed({ filter: text('The devices') });
export const retryInput = closed({ devices: optional(Type.Array(Type.String(), { minItems: 1, maxItems: 10_000 })) });
export const rolloutQuery = closed({
  state: optional(choice(rolloutStates)),
  wave: optional(Type.Integer({ minimum: 0, description: '0: devices that were skipped before they had a wave' })),
  ...page,
});

export const phases = [
  'waiting-for-approval',
  'planning',
  'running',
  'paused',
  'rolling-back',
  'done',
  'aborted',
  'rolled-back',
];
const totals = Type.Object(Object.fromEntries(rolloutStates.map(state => [state, Type.Integer()])));
export const log = Type.Array(
  Type.Object({
    time,
    text: Type.String(),
    by: optional(text('The user or token; absent where the ACS did it by itself')),
  }),
);

const rolloutFields = {
  id: Type.String(),
  state: choice(phases),
  reason: optional(text('Why the rollout changed to this state by itself')),
  created: time,
  planned: nullable(time),
  ended: nullable(time),
  firmware: Type.Object({
    file: Type.String(),
    version: Type.String(),
    productClass: Type.String(),
    sha256: Type.String(),
  }),
  filter: optional(Type.String()),
  ...plannedFields,
  elsewhere: Type.Object(
    { count: Type.Integer(), devices: Type.Array(Type.String()) },
    { description: 'Devices that were skipped because another rollout was working on them; the first 100 by name' },
  ),
  log,
};
const device = Type.Object({
  device: Type.String(),
  wave: Type.Integer(),
  state: choice(rolloutStates),
  reason: optional(Type.String()),
  version: text('The version that the device runs now'),
  previous: optional(text('The version that the device ran before')),
  back: optional(Type.Boolean({ description: 'The device is returning to its previous version' })),
  task: optional(text('The Download task of the device')),
  attempts: Type.Integer(),
  since: time,
  times: Type.Record(Type.String(), time),
});

export const rolloutAnswers = {
  rollout: Type.Object(rolloutFields),
  rollouts: Type.Object({ items: Type.Array(Type.Object(rolloutFields)) }),
  rolloutDetail: Type.Object({
    ...rolloutFields,
    ...courseFields,
    totals,
    perWave: Type.Array(Type.Object({ wave: Type.Integer(), size: Type.Integer(), totals })),
    devices: Type.Object({ items: Type.Array(device), next: nullable(Type.String()) }),
  }),
} as const;
