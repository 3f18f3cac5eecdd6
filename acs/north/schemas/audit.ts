// Shapes of the audit.
import { Type } from 'typebox';
import { closed, nullable, page, text, time } from './common.ts';

export const auditQuery = closed(page);
export const audit = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.String(),
      time,
      who: text('A user, or admin'),
      what: text('Name of the operation'),
      target: text('A device, preset, file, …; empty for several or none'),
      status: Type.Integer({ description: 'HTTP status of the answer' }),
    }),
  ),
  next: nullable(Type.String()),
});
