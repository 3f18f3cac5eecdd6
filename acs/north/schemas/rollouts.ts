// The shapes of rollouts in the API.
import { type TProperties, type TSchema, Type } from 'typebox';
import { rolloutStates } from '../../device/rollout-position.ts';
import { weekdays } from '../../fleet/common/time-window.ts';

const { Optional: optional } = Type;
const closed = <P extends TProperties>(properties: P): ReturnType<typeof Type.Object<P>> =>
  Type.Object(properties, { additionalProperties: false });
const text = (description: string): ReturnType<typeof Type.String> => Type.String({ description });
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const words = (choices: readonly string[]) => Type.Union(choices.map(choice => Type.Literal(choice)));
const time = Type.String({ format: 'date-time' });
const flag = (description: string) => Type.Boolean({ description });

const share = Type.Union([Type.Integer({ minimum: 0 }), text('A share, such as 10%')]);
const window = closed({
  from: text('HH:MM, in the time zone of the device'),
  to: text('HH:MM; before `from`: over midnight'),
  days: optional(Type.Array(words(weekdays), { description: 'On which it begins; all unless told' })),
});
const failure = {
  perWave: optional(share),
  total: optional(share),
  action: optional(words(['pause', 'rollback'])),
};
const success = {
  soak: optional(Type.Number({ minimum: 0, description: 'Seconds after the new version was told; 600 unless told' })),
  online: optional(flag('It informs still; so unless told')),
  noFault: optional(flag('No fault has come since; so unless told')),
  filter: optional(text('Must hold of the device')),
};

export const rolloutInput = closed({
  id: optional(Type.String({ pattern: '^[A-Za-z0-9][\\w.-]{0,63}$', description: 'Its name; made up unless told' })),
  filter: optional(text('Which devices; or `devices`')),
  devices: optional(Type.Array(Type.String(), { minItems: 1, maxItems: 10_000 })),
  firmware: text('A stored firmware file'),
  waves: optional(
    Type.Array(share, {
      maxItems: 100,
      description: 'Devices of each wave, as numbers or shares; the rest is one more wave',
    }),
  ),
  window: optional(window),
  timezone: optional(text('Of devices without a site.timezone; UTC unless told')),
  parallelism: optional(
    Type.Integer({ minimum: 1, maximum: 100_000, description: 'Under way at once; 50 unless told' }),
  ),
  wake: optional(flag('Ask devices to connect when it is their turn; so unless told')),
  timeout: optional(
    Type.Number({
      minimum: 60,
      maximum: 31_536_000,
      description: 'Seconds without a word after which a device has failed; a day unless told',
    }),
  ),
  success: optional(closed(success)),
  failure: optional(closed(failure)),
});
export const retryInput = closed({ devices: optional(Type.Array(Type.String(), { minItems: 1, maxItems: 10_000 })) });
export const rolloutQuery = closed({
  state: optional(words(rolloutStates)),
  wave: optional(Type.Integer({ minimum: 0, description: '0: skipped before it had one' })),
  limit: optional(Type.Integer({ minimum: 1, maximum: 500 })),
  cursor: optional(Type.String()),
});

const phases = ['planning', 'running', 'paused', 'rolling-back', 'done', 'aborted', 'rolled-back'];
const totals = Type.Object(Object.fromEntries(rolloutStates.map(state => [state, Type.Integer()])));
const rolloutFields = {
  id: Type.String(),
  state: words(phases),
  reason: optional(text('Why it came there by itself')),
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
  waves: Type.Array(share),
  sizes: Type.Array(Type.Integer(), { description: 'Devices of each wave, once it is planned' }),
  wave: Type.Integer({ description: 'The one that is open, from 1' }),
  window: optional(window),
  timezone: Type.String(),
  parallelism: Type.Integer(),
  wake: Type.Boolean(),
  timeout: Type.Number(),
  success: Type.Object(success),
  failure: Type.Object(failure),
  elsewhere: Type.Object(
    { count: Type.Integer(), devices: Type.Array(Type.String()) },
    { description: 'Devices that another rollout had under way; the first 100 by name' },
  ),
  log: Type.Array(Type.Object({ time, text: Type.String() })),
};
const device = Type.Object({
  device: Type.String(),
  wave: Type.Integer(),
  state: words(rolloutStates),
  reason: optional(Type.String()),
  version: text('What it runs now'),
  previous: optional(text('What it ran before')),
  back: optional(Type.Boolean({ description: 'It goes back to what it ran before' })),
  task: optional(text('Its Download')),
  attempts: Type.Integer(),
  since: time,
  times: Type.Record(Type.String(), time),
});

export const rolloutAnswers = {
  rollout: Type.Object(rolloutFields),
  rollouts: Type.Object({ items: Type.Array(Type.Object(rolloutFields)) }),
  rolloutDetail: Type.Object({
    ...rolloutFields,
    totals,
    perWave: Type.Array(Type.Object({ wave: Type.Integer(), size: Type.Integer(), totals })),
    devices: Type.Object({ items: Type.Array(device), next: nullable(Type.String()) }),
  }),
} as const;
