// Shapes of stored files.
import { Type } from 'typebox';
import { fileTypes } from '../../fleet/files/stored-file.ts';
import { choice, closed, force, list, optional, text, time } from './common.ts';

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
export const files = list(file);
