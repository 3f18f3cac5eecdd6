// Shapes of history.
import { Type } from 'typebox';
import { closed, list, optional, text, time } from './core.ts';

const rule = {
  filter: optional(text('Of which devices; every one unless told')),
  parameters: Type.Array(Type.String({ maxLength: 256 }), {
    maxItems: 32,
    description:
      'Full paths, partial ones with the final dot, or with * for one part; numbers become series, other values events',
  }),
  events: optional(
    Type.Boolean({ description: 'Whether each Inform and ended task is kept as an event; true unless told' }),
  ),
  read: optional(
    Type.String({
      pattern: '^\\d+(\\.\\d+)?[smhdw]$',
      description: 'How often they are read, in sessions that come anyway: 15m',
    }),
  ),
};
export const historyInput = closed(rule);
export const historyRule = Type.Object(rule);

export const historyQuery = closed({
  path: optional(text('A parameter; without it, those of which there are numbers')),
  from: optional(text('ISO 8601; a day before to')),
  to: optional(text('ISO 8601; now')),
  points: optional(Type.Integer({ minimum: 1, maximum: 3000, description: 'At most so many; 300' })),
});
export const history = Type.Union([
  Type.Object({ paths: Type.Array(Type.String()) }),
  Type.Object({
    path: Type.String(),
    step: Type.Number({ description: 'Seconds that a point stands for' }),
    points: Type.Array(
      Type.Object({ time, avg: Type.Number(), min: Type.Number(), max: Type.Number(), count: Type.Integer() }),
    ),
  }),
]);

export const eventQuery = closed({ limit: optional(Type.Integer({ minimum: 1, maximum: 200 })) });
export const deviceEvents = list(
  Type.Object({ time, type: Type.String(), data: Type.Record(Type.String(), Type.Unknown()) }),
);
