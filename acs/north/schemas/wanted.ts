// The shape of a device's wanted state with its explanation.
import { Type } from 'typebox';
import { byName, nullable, optional, text, texts, time } from './common.ts';
import { drift, restartPending } from './devices.ts';
import { fault } from './faults.ts';
import { restartWish } from './values.ts';

const lost = Type.Array(
  Type.Object({
    preset: Type.String(),
    why: text('The reason why this preset lost'),
    value: optional(text('The value that this preset would have set')),
  }),
);
export const wanted = Type.Object({
  device: Type.String(),
  revision: text('The wanted ParameterKey; empty if nothing is wanted'),
  reported: text('The ParameterKey that the device reported last'),
  set: Type.Array(
    Type.Object({
      path: Type.String(),
      value: Type.String(),
      type: optional(Type.String()),
      preset: text('The preset that won; "override" for an override of the device'),
      known: nullable(Type.String()),
      lost,
    }),
  ),
  objects: Type.Array(
    Type.Object({
      table: Type.String(),
      preset: Type.String(),
      keys: texts,
      rows: Type.Array(byName),
      exclusive: optional(Type.Boolean()),
      lost,
    }),
  ),
  files: Type.Array(
    Type.Object({
      kind: Type.String(),
      name: Type.String(),
      version: optional(Type.String()),
      sha256: Type.String(),
      preset: Type.String(),
      applied: Type.Boolean(),
      lost,
    }),
  ),
  restart: Type.Object({ wish: restartWish, preset: optional(Type.String()), lost, pending: nullable(restartPending) }),
  drift: Type.Array(drift),
  auditAt: nullable(time),
  presets: Type.Array(
    Type.Object({
      name: Type.String(),
      weight: Type.Number(),
      fits: Type.Boolean(),
      blockedBy: optional(fault),
      refused: optional(text('Why the preset cannot be resolved for this device')),
    }),
  ),
});
