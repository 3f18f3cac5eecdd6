// Shapes of history.
import { Type } from 'typebox';
import { closed, list, optional, text, time } from '../common.ts';

const rule = {
  filter: optional(text('The devices that are recorded; default: all')),
  parameters: Type.Array(Type.String({ maxLength: 256 }), {
    maxItems: 32,
    description:
      'Full paths, partial paths that end with a dot, or paths with * for one part; numbers are recorded as series, other values as events',
  }),
  events: optional(Type.Boolean({ description: 'Record each Inform and each ended task as an event; default: true' })),
  read: optional(
    Type.String({
      pattern: '^\\d+(\\.\\d+)?[smhdw]$',
      description: 'Interval in which the parameters are read, in sessions that take place anyway; for example 15m',
    }),
  ),
};
export const historyInput = closed(rule);
export const historyRule = Type.Object(rule);

export const historyQuery = closed({
  path: optional(text('A parameter; default: list the parameters that have a series')),
  from: optional(text('ISO 8601; default: one day before `to`')),
  to: optional(text('ISO 8601; default: now')),
  points: optional(Type.Integer({ minimum: 1, maximum: 3000, description: 'Maximum number of points; default: 300' })),
});
export const history = Type.Union([
  Type.Object({ paths: Type.Array(Type.String()) }),
  Type.Object({
    path: Type.String(),
    step: Type.Number({ description: 'Seconds between two points' }),
    points: Type.Array(
      Type.Object({ time, avg: Type.Number(), min: Type.Number(), max: Type.Number(), count: Type.Integer() }),
    ),
  }),
]);

export const eventQuery = closed({ limit: optional(Type.Integer({ minimum: 1, maximum: 200 })) });
export const deviceEvents = list(
  Type.Object({ time, type: Type.String(), data: Type.Record(Type.String(), Type.Unknown()) }),
);
