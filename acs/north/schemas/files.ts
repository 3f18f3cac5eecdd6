// Shapes of stored files.
import { Type } from 'typebox';
import { fileTypes } from '../../fleet/files/stored-file.ts';
import { choice, closed, force, listOf, listQuery, nullable, optional, text, texts, time } from './common.ts';

const fileType = choice(fileTypes);
export const fileQuery = closed({
  type: fileType,
  version: optional(text('Required for firmware: the version that the device reports once the image runs')),
  productClass: optional(Type.String()),
  force,
});
export const file = Type.Object({
  name: Type.String(),
  type: fileType,
  version: optional(Type.String()),
  productClass: optional(Type.String()),
  size: Type.Integer(),
  sha256: Type.String(),
  time,
});
export const fileListQuery = listQuery({
  type: optional(fileType),
  version: optional(Type.String()),
  productClass: optional(Type.String()),
  filter: optional(text('Filter over name, type, version, productClass, size, sha256, time')),
  sort: optional(choice(['name', '-name', 'time', '-time', 'size', '-size'], 'Default: name')),
});
export const files = listOf(
  Type.Object({
    ...file.properties,
    usedBy: Type.Object({ presets: texts, rollouts: texts }, { description: 'It cannot be deleted while one uses it' }),
  }),
);

const { count: _count, ...deviceFileFields } = listQuery({}).properties;
export const deviceFileQuery = closed(deviceFileFields);
export const deviceFiles = listOf(
  Type.Object({
    file: Type.String(),
    direction: choice(['to-device', 'from-device']),
    state: text('Of the task'),
    origin: choice(['operator', 'reconcile']),
    task: Type.String(),
    created: time,
    ended: nullable(time),
    isApplied: Type.Boolean({ description: 'The device has taken this content of the file' }),
  }),
);
