// Shapes of configuration backups.
import { Type } from 'typebox';
import { weekdays } from '../../../fleet/common/time-window.ts';
import { choice, closed, list, optional, text, time } from '../common.ts';

const hour = Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' });
const rule = {
  filter: optional(text('Devices that it is for; default: every enrolled one')),
  every: text('Time between two backups of a device, 1h to 365d: 1d'),
  window: optional(
    closed({
      from: hour,
      to: hour,
      days: optional(
        Type.Array(choice(weekdays), { minItems: 1, description: 'Days on which it begins; default: all' }),
      ),
    }),
  ),
  timezone: optional(text('Time zone of the window; default: UTC')),
  keep: Type.Integer({ minimum: 1, maximum: 50, description: 'Versions that are kept of each device' }),
  fileType: optional(
    Type.String({
      pattern: '^(?:[1-9]\\d* .+|X \\S+ .+)$',
      maxLength: 64,
      description: 'Default: 1 Vendor Configuration File',
    }),
  ),
};
export const backupRuleInput = closed(rule);
export const backupRule = Type.Object({
  name: Type.String(),
  ...rule,
  round: optional(
    Type.Object(
      {
        began: time,
        total: Type.Integer(),
        asked: Type.Integer({ description: 'Devices that were asked so far, those included that had to be left out' }),
        ended: optional(time),
      },
      { description: 'The interval that runs' },
    ),
  ),
});
export const backupRules = list(backupRule);

export const backup = Type.Object({
  n: Type.Integer({ description: 'Its number, from 1' }),
  time,
  size: Type.Integer(),
  sha256: Type.String(),
  fileType: Type.String(),
  rule: optional(text('The rule that asked for it')),
  seen: optional(Type.String({ format: 'date-time', description: 'When the device last sent the same again' })),
});
export const backups = list(backup);
export const backupInput = closed({ fileType: rule.fileType });

export const differenceQuery = closed({
  from: optional(Type.Integer({ minimum: 1, description: 'Default: the one before `to`' })),
  to: optional(Type.Integer({ minimum: 1, description: 'Default: the newest' })),
});
const side = Type.Object({ n: Type.Integer(), time, size: Type.Integer(), sha256: Type.String() });
export const difference = Type.Object({
  from: side,
  to: side,
  isSame: Type.Boolean(),
  diff: optional(text('Unified diff of texts')),
  reason: optional(text('The reason why there is no diff')),
});
