// Shapes of presets and their dry runs.
import { Type } from 'typebox';
import { choice, closed, list, nullable, optional, text, texts, time } from './common.ts';
import { faultCode } from './faults.ts';
import { links, report } from './preflight.ts';
import { plainValue, restartWish, wantedValue } from './values.ts';

const objects = Type.Record(
  Type.String(),
  closed({
    keys: Type.Array(Type.String(), { minItems: 1 }),
    rows: Type.Array(Type.Record(Type.String(), plainValue)),
    exclusive: optional(Type.Boolean({ description: 'Delete rows that are not listed' })),
  }),
);
const presetFields = {
  when: optional(text('Filter on lasting properties; default: all devices')),
  weight: optional(Type.Number({ description: 'Where presets set the same value, the higher weight wins' })),
  set: optional(Type.Record(Type.String(), wantedValue)),
  objects: optional(objects),
  certificates: optional(texts),
  script: optional(Type.String()),
  firmware: optional(Type.String()),
  restart: optional(restartWish),
  drift: optional(
    choice(['correct', 'report'], 'What to do when a device has another value than wanted; default: correct'),
  ),
  acsMove: optional(
    closed({
      force: optional(
        Type.Boolean({ description: 'Move even if no ACS answers at the new URL, or the device has no way back' }),
      ),
      returnAfter: optional(text('Return to the old ACS after this time unless the move is confirmed; default: 30m')),
    }),
  ),
  audit: optional(text('Interval in which all values are checked: 30m, 24h, 7d; default: only when there is a reason')),
};
export const presetInput = closed(presetFields);
export const preset = Type.Object({ name: Type.String(), ...presetFields });
export const warnings = Type.Array(Type.String(), {
  description: 'Names that no device is known to have, and values that a device has refused before',
});
export const writtenPreset = Type.Object({ name: Type.String(), ...presetFields, warnings: optional(warnings) });
export const presetsQuery = closed({ counts: optional(Type.Boolean({ description: 'Adds fits and faults' })) });
export const presets = list(
  Type.Object({
    name: Type.String(),
    ...presetFields,
    version: Type.Integer({ description: 'Grows with each change of the preset' }),
    time,
    author: nullable(text('null for a change by the server, or by an earlier version of it')),
    comment: optional(Type.String()),
    broken: optional(text('Why it sets nothing on any device; a fault of each device that it fits says so too')),
    fits: optional(
      nullable(Type.Integer({ description: 'Enrolled devices that it fits; null where that is not told' })),
    ),
    faults: optional(Type.Integer({ description: 'Devices on which it has a fault' })),
  }),
);

export const dryRunQuery = closed({
  limit: optional(Type.Integer({ minimum: 1, maximum: 500 })),
  kinds: optional(Type.Boolean({ description: 'Groups the changes of all devices by kind, and looks for conflicts' })),
});
const kinds = Type.Array(
  Type.Object({
    count: Type.Integer(),
    set: Type.Array(
      Type.Object({
        path: Type.String(),
        known: optional(nullable(text('Absent where it differs between these devices'))),
        wanted: optional(text('Absent where it differs between these devices')),
      }),
    ),
    tables: Type.Array(Type.String(), { description: 'Tables of which other rows are wanted' }),
    files: texts,
    breaks: Type.Integer({ description: 'Devices of these that lose a TLS connection' }),
    example: text('One of the devices'),
  }),
  { description: 'With kinds=true: devices that would change in the same way, the most frequent first' },
);
const conflicts = Type.Array(
  Type.Object({
    preset: text('The other preset; `override` for values of the devices'),
    paths: texts,
    devices: Type.Integer(),
    wins: text('The preset whose values the devices get'),
  }),
  { description: 'With kinds=true: presets that want other values on devices that this one matches' },
);
export const dryRun = Type.Object({
  matched: Type.Integer({ description: 'Enrolled devices that would change' }),
  fits: Type.Integer({ description: 'Enrolled devices that the preset matches' }),
  refused: Type.Integer({
    description: 'Matching devices for which the preset cannot be resolved, for example for lack of a variable',
  }),
  faults: Type.Array(
    Type.Object({
      device: Type.String(),
      code: faultCode,
      message: Type.String(),
      parameter: optional(Type.String()),
    }),
  ),
  devices: Type.Array(
    Type.Object({
      device: Type.String(),
      revision: Type.Object({ before: Type.String(), after: Type.String() }),
      set: Type.Array(Type.Object({ path: Type.String(), known: nullable(Type.String()), wanted: Type.String() })),
      files: texts,
      links,
    }),
  ),
  preflight: report,
  warnings: optional(warnings),
  kinds: optional(kinds),
  others: optional(Type.Integer({ description: 'Devices beyond the kinds that are listed' })),
  conflicts: optional(conflicts),
});
