// Data models as the API shows them.
import type { DeviceModelItem } from '../../fleet/devices/device-models.ts';
import type { ModelAbout } from '../../fleet/models/catalogue.ts';
import { iso } from './times.ts';

type View = Record<string, unknown>;

export const modelView = ({ marks, changed, ...about }: ModelAbout): View => ({
  ...about,
  ...marks,
  ...(changed === undefined ? {} : { changed: iso(changed) }),
});

export function modelItemView({ path, writable, type, def, absent, unsure }: DeviceModelItem): View {
  const { enumeration, min, max, maxLength, description, default: factory, needsRestart, effect } = def ?? {};
  return {
    path,
    writable: writable ?? null,
    type: type ?? null,
    ...(enumeration ? { enum: enumeration.map(({ label }) => label) } : {}),
    ...(min === undefined ? {} : { min: String(min) }),
    ...(max === undefined ? {} : { max: String(max) }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(description === undefined ? {} : { text: description }),
    ...(factory === undefined ? {} : { factory }),
    ...(needsRestart ? { restart: true } : {}),
    ...(effect === undefined ? {} : { effect }),
    ...(absent ? { absent } : {}),
    ...(unsure ? { unsure } : {}),
  };
}
