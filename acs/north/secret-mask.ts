// The mask that stands for secrets in answers. A mask that comes back in a request means the stored secret.
import { MASK } from '../../shared/model/secret-names.ts';
import type { WantedValue } from '../device/desired-state.ts';
import { UserError } from '../errors.ts';
import { type Secrets, shownText } from '../fleet/common/secrets.ts';
import type { DeviceInput } from '../fleet/devices/device-input.ts';
import type { DeviceView } from '../fleet/devices/device-view.ts';
import { mapPreset, type Preset, pathOf } from '../fleet/presets/preset.ts';
import { secrecyOf } from '../fleet/presets/sealed-preset.ts';

export const maskIf = (isSecret: boolean, value: string): string => (isSecret && value !== '' ? MASK : value);

/** The text is, or may be, one that was shown in the place of a stored one. */
function isMasked(
  secrets: Secrets,
  name: string,
  text: unknown,
  stored: string | undefined,
  isSecret = secrets.names.has,
): text is string {
  if (typeof text !== 'string' || !text.includes(MASK)) return false;
  if (text === MASK && isSecret(name)) return true;
  return stored !== undefined && stored !== text && shownText(secrets, name, stored, isSecret) === text;
}

type Wanted = string | number | boolean | WantedValue;

const valueText = (wanted: Wanted | undefined): string | undefined =>
  wanted === undefined ? undefined : String(typeof wanted === 'object' ? wanted.value : wanted);

/** Replaces masks by the secrets of the stored preset. @throws UserError 400 where none is stored */
export function keepPresetSecrets(secrets: Secrets, given: Preset, stored: Preset | undefined): Preset {
  return mapPreset(given, (name, text, table, index) => {
    const kept =
      table === undefined ? valueText(stored?.set?.[name]) : storedCell(given, stored, table, index ?? 0, name);
    if (!isMasked(secrets, pathOf(name, table), text, kept, secrecyOf(secrets.names, kept ?? ''))) return text;
    if (kept === undefined) throw noSecret(table === undefined ? `set: ${name}` : `objects: ${table} ${name}`);
    return kept;
  });
}

/** The cell of the stored row that has the same keys as the given one. */
function storedCell(
  given: Preset,
  stored: Preset | undefined,
  table: string,
  index: number,
  column: string,
): string | undefined {
  const wanted = given.objects?.[table];
  const row = wanted?.rows[index];
  const same = stored?.objects?.[table]?.rows.find(other => wanted?.keys.every(key => other[key] === row?.[key]));
  return valueText(same?.[column]);
}

/** Replaces masks by the secrets of the device. @throws UserError 400 where none is stored */
export function keepDeviceSecrets(secrets: Secrets, input: DeviceInput, device: DeviceView): DeviceInput {
  return keepOverrides(secrets, input.site ? { ...input, site: keepSite(secrets, input.site, device) } : input, device);
}

const keepSite = (
  secrets: Secrets,
  site: Record<string, string | null>,
  device: DeviceView,
): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(site).map(([name, text]) => {
      const kept = device.site[name];
      if (!isMasked(secrets, name, text, kept)) return [name, text];
      if (kept === undefined) throw noSecret(`site: ${name}`);
      return [name, kept];
    }),
  );

/** A masked override is left out of the change, so the stored one stays. */
function keepOverrides(secrets: Secrets, input: DeviceInput, device: DeviceView): DeviceInput {
  if (!input.overrides) return input;
  const given = Object.entries(input.overrides).filter(([path, wanted]) => {
    const text = typeof wanted === 'object' ? wanted?.value : wanted;
    if (!isMasked(secrets, path, text, device.overrides[path]?.value)) return true;
    if (!device.overrides[path]) throw noSecret(`overrides: ${path}`);
    return false;
  });
  return { ...input, overrides: Object.fromEntries(given) };
}

const noSecret = (place: string): UserError =>
  new UserError(400, 'masked-secret', `${place}: '${MASK}' stands for a stored secret, but none is stored`);
