// Shapes of comparisons of devices.
import { Type } from 'typebox';
import { closed, optional, text } from '../common.ts';

const top = Type.Integer({ minimum: 1, maximum: 200, description: 'Most values in the answer; default: 20' });
const part = Type.Object({ n: Type.Integer(), of: Type.Integer() });
const inCommon = {
  these: Type.Integer({ description: 'Number of the devices' }),
  against: Type.Integer({ description: 'Number of those that they are compared with' }),
  items: Type.Array(
    Type.Object({
      field: text('A field of filters, addressRange, certificate, or the path of a parameter of the last Informs'),
      value: Type.String(),
      these: part,
      against: part,
      score: Type.Number({
        description:
          'Significance: -log10 of the probability by chance (Fisher 1922, exact, one-sided), corrected for the number of tests (Bonferroni); 2 is 1 in 100',
      }),
      filter: optional(text('Finds the devices that have the value')),
    }),
  ),
};

export const compareInput = closed({
  these: text('Filter over the devices that have something in common'),
  against: optional(text('Filter over those to compare with; default: all others')),
  top: optional(top),
});
export const comparison = Type.Object(inCommon);
export const siblingsQuery = closed({ top: optional(top) });
export const siblings = Type.Object({
  about: optional(
    text('Finds the devices that share the fault; absent for a device without one, which is compared alone'),
  ),
  ...inCommon,
});
