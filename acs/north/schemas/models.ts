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
const item = Type.Object({
  path: text('With {i} in place of instance numbers'),
  writable: nullable(Type.Boolean()),
  type: nullable(text('xsd:…, or object')),
  enum: optional(texts),
  min: optional(Type.String()),
  max: optional(Type.String()),
  maxLength: optional(Type.Integer()),
  text: optional(text('Description')),
  factory: optional(text('Default value')),
  restart: optional(Type.Boolean({ description: 'A change takes effect with a restart' })),
  absent: optional(Type.Boolean({ description: 'Devices have refused the name (9005)' })),
});
export const modelItems = Type.Object({ ...about, items: Type.Array(item), total: Type.Integer() });
