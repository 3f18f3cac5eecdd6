// Shapes of the sessions of a device.
import { Type } from 'typebox';
import { byName, choice, closed, nullable, optional, page, text, texts, time } from '../common.ts';

export const sessionsQuery = closed(page);
const record = {
  started: time,
  ended: time,
  events: texts,
  outcome: choice(['ok', 'lost', 'refused']),
  fault: nullable(Type.Integer({ description: 'The last fault with which the device answered an RPC' })),
  rpcs: Type.Integer({ description: 'RPCs that the ACS has sent' }),
  bytesUp: Type.Integer({ description: 'Bytes of the messages of the device, as they were sent' }),
  bytesDown: Type.Integer({ description: 'Bytes of the messages of the ACS' }),
  tls: nullable(text('Version and cipher suite, or `proxy`; null without TLS')),
  address: Type.String(),
  error: optional(text('How a lost session ended')),
};
export const sessions = Type.Object({
  items: Type.Array(Type.Object(record)),
  next: nullable(Type.String()),
});
const message = {
  n: Type.Integer({ description: 'Its number in the session, from 1' }),
  time,
  from: choice(['cpe', 'acs']),
  what: text('For example: Inform (1 BOOT), RebootResponse, Fault 9003, (empty), 401'),
  status: optional(Type.Integer()),
  length: Type.Integer({ description: 'Bytes of the original envelope' }),
  note: optional(text('Why the XML is missing or shortened')),
};
export const session = Type.Object({
  ...record,
  ended: optional(time),
  outcome: optional(record.outcome),
  messages: nullable(
    Type.Array(Type.Object(message), { description: 'Null for a session that was not traced, or is traced no more' }),
  ),
  omitted: optional(Type.Integer({ description: 'Messages after the session had reached the bound of its trace' })),
});
export const sessionMessage = Type.Object({ ...message, headers: byName, xml: nullable(Type.String()) });
