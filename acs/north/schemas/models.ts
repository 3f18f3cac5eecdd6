// Shapes of data models.
import { Type } from 'typebox';
import { choice, closed, list, nullable, optional, text, texts, time } from './common.ts';

export const modelMarks = {
  oui: optional(text('Only for devices with this OUI')),
  productClass: optional(text('Only for devices of this product class')),
  softwareVersion: optional(text('Only for devices with this firmware')),
};
export const putQuery = closed(modelMarks);
export const readQuery = closed({
  prefix: optional(text('Only paths that begin so')),
  find: optional(text('Only paths that contain this text')),
  limit: optional(Type.Integer({ minimum: 1, maximum: 5000, description: 'Default: 500' })),
  cursor: optional(Type.String()),
});
export const deviceModelQuery = closed({
  path: optional(text('Full or partial paths, separated by commas; default: all of the model')),
  find: optional(text('Only paths that contain this text')),
  limit: optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Default: 500' })),
  cursor: optional(Type.String()),
});

const about = {
  name: Type.String(),
  source: choice(
    ['built-in', 'document', 'learned'],
    'Part of the program, given by an operator, or learned from devices',
  ),
  title: text('Name and version in the document; of a learned model maker, product class and firmware'),
  ...modelMarks,
  root: text('Device. or InternetGatewayDevice.'),
  parameters: Type.Integer({ description: 'Number of parameters' }),
  changed: optional(time),
};
export const model = Type.Object(about);
export const models = list(model);
const item = {
  path: text('With {i} in place of instance numbers, but for full paths that were asked for'),
  writable: nullable(Type.Boolean()),
  type: nullable(text('xsd:…, or object')),
  enum: optional(texts),
  min: optional(Type.String()),
  max: optional(Type.String()),
  maxLength: optional(Type.Integer()),
  text: optional(text('Description')),
  factory: optional(text('Default value')),
  restart: optional(Type.Boolean({ description: 'A change takes effect with a restart' })),
  effect: optional(
    choice(
      ['live', 'stored', 'status'],
      'The simulated gateway acts on the value, only keeps and shows it, or reports it itself',
    ),
  ),
  absent: optional(Type.Boolean({ description: 'Devices have refused the name (9005)' })),
};
const next = nullable(Type.String());
export const modelItems = Type.Object({
  ...about,
  items: Type.Array(Type.Object(item)),
  total: Type.Integer(),
  next,
});
const unsure = optional(
  Type.Boolean({
    description:
      'Only a standard has it, of which the product implements a part: no device of the product has told of it',
  }),
);
export const deviceModel = Type.Object({
  device: Type.String(),
  product: Type.Object({ oui: Type.String(), productClass: Type.String(), softwareVersion: Type.String() }),
  complete: Type.Boolean({ description: 'The product has no other parameters' }),
  items: Type.Array(Type.Object({ ...item, unsure })),
  total: Type.Integer(),
  next,
});
