// Shapes of versions of stored objects, and of what differs between two of them.
import { Type } from 'typebox';
import { closed, list, nullable, optional, time } from './common.ts';

const entry = {
  version: Type.Integer({ description: 'Grows with each change; the first part of the ETag' }),
  time,
  author: nullable(Type.String({ description: 'null for a change by the server, or by an earlier version of it' })),
  comment: optional(Type.String()),
  deleted: optional(Type.Boolean({ description: 'The change has deleted the object' })),
};

export const versions = list(
  Type.Object({ ...entry, current: optional(Type.Boolean({ description: 'This is what is stored now' })) }),
);
export const version = Type.Object({
  ...entry,
  content: optional(
    Type.Record(Type.String(), Type.Unknown(), { description: 'As it was written; secrets are masked' }),
  ),
});
export const deleted = list(Type.Object({ name: Type.String(), ...entry }));

const number = Type.Integer({ minimum: 1 });
export const compareQuery = closed({
  from: optional(Type.Integer({ minimum: 1, description: 'Default: the version before `to`' })),
  to: optional(Type.Integer({ minimum: 1, description: 'Default: the newest version' })),
});
export const comparison = Type.Object({
  from: nullable(number),
  to: number,
  changes: Type.Array(
    Type.Object({
      field: Type.String(),
      parameter: optional(Type.String({ description: 'The entry of the field: a parameter, or a column of a row' })),
      from: optional(Type.Unknown({ description: 'Absent where there was none; secrets are masked' })),
      to: optional(Type.Unknown()),
    }),
  ),
  omitted: Type.Integer({ description: 'Number of changes beyond those listed' }),
});
