// Shapes of values that operators want on devices.
import { Type } from 'typebox';
import { choice, closed, optional, text } from './common.ts';

export const typedValue = closed({
  value: Type.String(),
  type: optional(text('xsd:…; default: the type in the data model')),
});
const later = {
  notBefore: optional(
    Type.String({ format: 'date-time', description: 'It does not hold before, at most a year from now' }),
  ),
  earlier: optional(closed(typedValue.properties, 'In answers: what holds until then; in requests it is ignored')),
};
export const override = closed({ ...typedValue.properties, ...later });
/** An override as it is written. */
export const givenOverride = Type.Union([
  ...[Type.String(), Type.Number(), Type.Boolean()],
  closed({
    ...typedValue.properties,
    ...later,
    wake: optional(Type.Boolean({ description: 'A connection request is sent at `notBefore`' })),
  }),
]);
export const plainValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);
export const wantedValue = Type.Union([Type.String(), Type.Number(), Type.Boolean(), typedValue]);
export const restartWish = choice(
  ['now', 'idle', 'never'],
  'When to restart for settings that need it: at once, when no call is up, or never',
);
