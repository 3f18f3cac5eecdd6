// Shapes of faults of devices.
import { Type } from 'typebox';
import { closed, listOf, listQuery, nullable, optional, text, time } from './common.ts';

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
export const faults = listOf(fault);

const among = {
  filter: optional(text('Over each fault and its device: fault.code = 9005 and productClass = "4102S"')),
  group: optional(text('The key of a group')),
};
export const faultQuery = listQuery({
  ...among,
  sort: optional(text('last, first, count, code, cause, parameter or device; with - in front for descending order')),
});
export const faultGroupQuery = closed({
  ...among,
  by: optional(
    text('Names, separated by commas: cause, code, parameter, product, firmware, site.NAME; default: the first three'),
  ),
  limit: optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Most groups; default: 50' })),
});

const spread = Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() }));
export const faultGroups = Type.Object({
  total: Type.Integer({ description: 'Faults that fit' }),
  devices: Type.Integer({ description: 'Devices that have them' }),
  items: Type.Array(
    Type.Object({
      key: text('The group, as `group` of other calls'),
      cause: optional(Type.String()),
      code: optional(faultCode),
      parameter: optional(nullable(Type.String())),
      message: text('Of the latest fault, at most 200 characters'),
      hint: Type.String(),
      count: Type.Integer(),
      devices: Type.Integer(),
      first: time,
      last: time,
      spread: Type.Object({ firmware: spread, product: spread }, { description: 'The most frequent values' }),
      examples: Type.Array(Type.String(), { description: 'Devices with the latest faults' }),
    }),
  ),
  others: Type.Object({ groups: Type.Integer(), faults: Type.Integer() }, { description: 'Beyond the limit' }),
});

export const faultRetry = closed({
  ...among,
  expect: optional(Type.Integer({ minimum: 0, description: 'The number of faults that is known to fit' })),
});
export const faultsCleared = Type.Object({ cleared: Type.Integer(), ...among });
