// Shapes of values that operators want on devices.
import { Type } from 'typebox';
import { choice, closed, optional, text } from './common.ts';

export const typedValue = closed({
  value: Type.String(),
  type: optional(text('xsd:…; default: the type in the data model')),
});
export const plainValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);
export const wantedValue = Type.Union([Type.String(), Type.Number(), Type.Boolean(), typedValue]);
export const restartWish = choice(
  ['now', 'idle', 'never'],
  'When to restart for settings that need it: at once, when no call is up, or never',
);
