// Shapes of the vocabulary of filters.
import { Type } from 'typebox';
import { closed, optional, text } from '../common.ts';

export const vocabularyQuery = closed({
  prefix: optional(
    Type.String({
      maxLength: 300,
      description:
        'What is being written: the begin of a field or path, or a field with an operator and the begin of a value',
    }),
  ),
  filter: optional(text('Only what devices have that fit')),
  limit: optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Most entries of each kind; default: 50' })),
});
export const vocabulary = Type.Object({
  field: optional(text('The field of which values are listed')),
  fields: Type.Array(Type.Object({ name: Type.String(), type: Type.String() })),
  functions: Type.Array(Type.Object({ name: Type.String(), form: text('An example') })),
  paths: Type.Array(Type.Object({ path: Type.String(), type: optional(Type.String()) })),
  values: Type.Array(
    Type.Object({ value: Type.String(), count: Type.Integer({ description: 'Devices that have it' }) }),
  ),
});
