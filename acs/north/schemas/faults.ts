// Shapes of faults of devices.
import { Type } from 'typebox';
import { list, optional, text, time } from './common.ts';

export const faultCode = Type.Union([Type.Integer(), Type.String()]);
export const fault = Type.Object({
  id: Type.String(),
  device: Type.String(),
  cause: text('preset:NAME, override:PATH, task:ID, reconcile, restart, move, drift:PRESET or fight:PATH'),
  code: faultCode,
  message: Type.String(),
  parameter: optional(Type.String()),
  file: optional(text('The stored file that the device accepted without effect')),
  hint: text('How to remove the cause'),
  first: time,
  last: time,
  count: Type.Integer(),
  retryAt: time,
});
export const faults = list(fault);
