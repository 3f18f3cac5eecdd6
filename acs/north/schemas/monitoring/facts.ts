// Shapes of facts.
import { Type } from 'typebox';
import { facts as vocabulary } from '../../../query/facts.ts';
import { choice, list, nullable, optional, text, time } from '../common.ts';

export const facts = list(
  Type.Object({
    name: choice(Object.keys(vocabulary), 'The name that filters and `fields` have for it'),
    value: nullable(
      Type.Union([Type.String(), Type.Number(), Type.Boolean()], {
        description: 'Null where the device has written what is no such value',
      }),
    ),
    told: optional(text('What it has written instead')),
    of: optional(text('The name of the row: the user of a line, the subject of a certificate, the name of a network')),
    path: text('The parameter that tells it'),
    time,
  }),
);
