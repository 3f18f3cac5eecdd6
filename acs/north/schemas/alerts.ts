// Shapes of alerts.
import { Type } from 'typebox';
import { closed, list, nullable, optional, text, time } from './core.ts';

const severity = Type.Union((['info', 'warning', 'critical'] as const).map(name => Type.Literal(name)));
const fields = {
  description: optional(Type.String({ maxLength: 1000 })),
  severity: optional(severity),
  filter: text('The devices that are counted: now, online, late and lost are allowed'),
  among: optional(text('Of which devices; state = "enrolled" unless told')),
  groupBy: optional(
    text('A field: site.NAME, productClass, firmware, tag, liveness, … or a parameter; each value is counted apart'),
  ),
  above: optional(
    Type.Union([
      Type.Integer({ minimum: 0 }),
      closed({
        count: optional(Type.Integer({ minimum: 0 })),
        share: optional(Type.Number({ minimum: 0, maximum: 1, description: 'Of the devices of the group' })),
      }),
    ]),
  ),
  for: optional(Type.String({ pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d|w)$', description: 'How long it must hold: 15m' })),
  webhooks: optional(
    Type.Array(Type.String(), {
      maxItems: 20,
      description: 'Told to these alone; to all that want alerts unless told',
    }),
  ),
};
export const alertInput = closed(fields);

export const alert = Type.Object({
  name: Type.String(),
  ...fields,
  state: Type.Union((['ok', 'pending', 'firing'] as const).map(name => Type.Literal(name))),
  evaluated: nullable(time),
  count: Type.Integer({ description: 'Devices that the filter fits, over all groups' }),
  groups: Type.Array(
    Type.Object({
      key: text('The value of groupBy; empty for devices without one'),
      state: Type.Union([Type.Literal('pending'), Type.Literal('firing')]),
      since: time,
      firing: optional(time),
      count: Type.Integer(),
      total: Type.Integer({ description: 'Devices of the group, where a share is asked for' }),
      samples: Type.Array(Type.String(), { description: 'The first and the last device by id' }),
    }),
    { description: 'Those that are over' },
  ),
  omitted: Type.Integer({ description: 'Groups that are over and not listed' }),
  error: optional(Type.String()),
});
export const alerts = list(alert);
