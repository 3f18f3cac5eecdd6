// Shapes of traces.
import { Type } from 'typebox';
import { byName, choice, closed, optional, text, time } from '../common.ts';

export const traceInput = closed({
  on: Type.Boolean(),
  seconds: optional(
    Type.Integer({ minimum: 1, maximum: 604_800, description: 'Tracing stops by itself after so many seconds' }),
  ),
});
const until = optional(Type.String({ format: 'date-time', description: 'The time at which it stops by itself' }));
export const tracing = Type.Object({ device: Type.String(), on: Type.Boolean(), until });
const tracedMessage = Type.Object({
  time,
  from: choice(['cpe', 'acs']),
  what: text('For example: Inform (1 BOOT), RebootResponse, Fault 9003, (empty), 401'),
  status: optional(Type.Integer()),
  headers: byName,
  length: Type.Integer({ description: 'Bytes of the original envelope' }),
  xml: optional(Type.String()),
  note: optional(text('Why the XML is missing or shortened')),
});
export const trace = Type.Object({
  device: Type.String(),
  on: Type.Boolean(),
  until,
  sessions: Type.Array(
    Type.Object({
      started: time,
      ended: optional(time),
      address: Type.String(),
      outcome: optional(Type.String()),
      error: optional(Type.String()),
      messages: Type.Array(tracedMessage),
      omitted: optional(Type.Integer()),
    }),
  ),
});
