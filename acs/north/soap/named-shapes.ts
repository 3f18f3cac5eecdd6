// Shapes whose types have a name of their own in the description. All others are called after the place where they are met first.
import type { TSchema } from 'typebox';
import { shared } from '../schemas/shared.ts';
import { typedValue, wantedValue } from '../schemas/values.ts';

export const namedShapes: Readonly<Record<string, TSchema>> = {
  ...shared,
  TypedValue: typedValue,
  WantedValue: wantedValue,
};
