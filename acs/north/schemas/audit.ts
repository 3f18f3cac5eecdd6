// Shapes of the audit.
import { Type } from 'typebox';
import { choice, closed, listOf, listQuery, nullable, optional, text, time } from './common.ts';

const filter = {
  who: optional(text('Name of a user or token')),
  what: optional(text('Name of an operation')),
  target: optional(text('A device, preset, file, …')),
  from: optional(text('Time of the oldest entry')),
  to: optional(text('Time of the newest entry')),
  filter: optional(text('Filter over time, who, kind, from, what, target, status, code, reason, seq')),
  refused: optional(Type.Boolean({ description: 'Only refused requests, or only those that were carried out' })),
};
export const auditQuery = listQuery({
  ...filter,
  sort: optional(choice(['time', '-time'], 'Default: -time, the newest first')),
});
export const auditExportQuery = closed({ ...filter, separator: optional(choice([',', ';'])) });

const fields = (description: string) => optional(Type.Record(Type.String(), Type.Unknown(), { description }));
const entry = Type.Object({
  id: Type.String(),
  time,
  who: text('A user or token; admin for the admin token'),
  kind: optional(text('user, token, admin-token, or stranger for a refused sign-in')),
  from: optional(text('Address of the caller')),
  what: text('Name of the operation'),
  target: text('A device, preset, file, …; empty for several or none'),
  status: Type.Integer({ description: 'HTTP status of the answer' }),
  code: optional(text('Error code of a refusal')),
  reason: optional(text('The reason of a refusal; absent where its text may repeat a secret of the request')),
  before: fields('The changed fields before, secrets masked'),
  after: fields('The changed fields after, secrets masked'),
  suppressed: optional(Type.Integer({ description: 'Refused sign-ins before that were not kept' })),
  seq: optional(Type.Integer({ description: 'Place in the chain; absent in entries of older versions' })),
  prev: optional(text('Hash of the entry before')),
  hash: optional(text('Keyed hash of this entry and the one before')),
});
export const audit = listOf(entry);
export const auditReport = Type.Object({
  entries: Type.Integer(),
  unchained: Type.Integer({ description: 'Entries of older versions' }),
  first: nullable(Type.Integer()),
  last: nullable(Type.Integer()),
  intact: Type.Boolean(),
  problems: Type.Array(
    Type.Object({ seq: Type.Integer(), problem: choice(['changed', 'missing', 'not-linked', 'double']) }),
    { description: 'The first 100' },
  ),
});
