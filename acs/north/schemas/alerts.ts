// Shapes of alerts.
import { Type } from 'typebox';
import { choice, closed, dryRunWish, list, nullable, optional, text, time } from './common.ts';

const fields = {
  description: optional(Type.String({ maxLength: 1000 })),
  severity: optional(choice(['info', 'warning', 'critical'])),
  filter: text('The devices that are counted; now, online, late and lost are allowed'),
  among: optional(text('The devices that are considered at all; default: state = "enrolled"')),
  groupBy: optional(
    text('Counts each value separately: a field (site.NAME, productClass, firmware, tag, liveness, …) or a parameter'),
  ),
  above: optional(
    Type.Union([
      Type.Integer({ minimum: 0 }),
      closed({
        count: optional(Type.Integer({ minimum: 0 })),
        share: optional(Type.Number({ minimum: 0, maximum: 1, description: 'Share of the devices of the group' })),
      }),
    ]),
  ),
  for: optional(
    Type.String({
      pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d|w)$',
      description: 'How long the limit must be exceeded before the alert fires, for example 15m',
    }),
  ),
  webhooks: optional(
    Type.Array(Type.String(), {
      maxItems: 20,
      description: 'Webhooks that are notified; default: all that subscribe to alerts',
    }),
  ),
  silentUntil: optional(
    Type.String({
      format: 'date-time',
      description: 'Until then no group begins to fire, and the alert is not among what needs someone',
    }),
  ),
};
export const alertInput = closed(fields);

const groups = Type.Array(
  Type.Object({
    key: text('The value of groupBy; empty for devices without one'),
    state: choice(['pending', 'firing']),
    since: time,
    firing: optional(time),
    count: Type.Integer(),
    total: Type.Integer({ description: 'Devices of the group, where the limit is a share' }),
    samples: Type.Array(Type.String(), { description: 'The first and the last device by id' }),
  }),
  { description: 'Groups above the limit' },
);

export const alert = Type.Object({
  name: Type.String(),
  ...fields,
  state: choice(['ok', 'pending', 'firing']),
  evaluated: nullable(time),
  count: Type.Integer({ description: 'Devices that match the filter, over all groups' }),
  groups,
  omitted: Type.Integer({ description: 'Groups above the limit that are not listed' }),
  error: optional(Type.String()),
});
export const alertQuery = closed({ dryRun: dryRunWish });
const alertTrial = Type.Object({
  dryRun: Type.Literal(true),
  wouldFire: Type.Boolean({
    description: 'A group is above the limit now; it fires once that has lasted as `for` says',
  }),
  count: Type.Integer({ description: 'Devices that match the filter, over all groups' }),
  groups,
  omitted: Type.Integer(),
});
export const alertOrTrial = Type.Union([alert, alertTrial]);
export const alerts = list(alert);
