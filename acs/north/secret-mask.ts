// The mask that stands for secrets in answers. A mask that comes back in a request means the stored secret.
import type { WantedValue } from '../device/desired-state.ts';
import { UserError } from '../errors.ts';
import { isSecretName } from '../fleet/common/secrets.ts';
import type { DeviceInput } from '../fleet/devices/device-input.ts';
import type { DeviceView } from '../fleet/devices/device-view.ts';
import { mapPreset, type Preset } from '../fleet/presets/preset.ts';

export const MASK = '***';

export const maskIf = (isSecret: boolean, value: string): string => (isSecret && value !== '' ? MASK : value);
export const mask = (name: string, value: string): string => maskIf(isSecretName(name), value);

const isMasked = (name: string, text: unknown): boolean => text === MASK && isSecretName(name);

type Wanted = string | number | boolean | WantedValue;

const valueText = (wanted: Wanted | undefined): string | undefined =>
  wanted === undefined ? undefined : String(typeof wanted === 'object' ? wanted.value : wanted);

/** Replaces masks by the secrets of the stored preset. @throws UserError 400 where none is stored */
export function keepPresetSecrets(given: Preset, stored: Preset | undefined): Preset {
  return mapPreset(given, (name, text, table, index) => {
    if (!isMasked(name, text)) return text;
    const kept =
      table === undefined ? valueText(stored?.set?.[name]) : storedCell(given, stored, table, index ?? 0, name);
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
export function keepDeviceSecrets(input: DeviceInput, device: DeviceView): DeviceInput {
  return keepOverrides(input.site ? { ...input, site: keepSite(input.site, device) } : input, device);
}

const keepSite = (site: Record<string, string | null>, device: DeviceView): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(site).map(([name, text]) => {
      if (!isMasked(name, text)) return [name, text];
      const kept = device.site[name];
      if (kept === undefined) throw noSecret(`site: ${name}`);
      return [name, kept];
    }),
  );

/** A masked override is left out of the change, so the stored one stays. */
function keepOverrides(input: DeviceInput, device: DeviceView): DeviceInput {
  if (!input.overrides) return input;
  const given = Object.entries(input.overrides).filter(([path, wanted]) => {
    if (!isMasked(path, typeof wanted === 'object' ? wanted?.value : wanted)) return true;
    if (!device.overrides[path]) throw noSecret(`overrides: ${path}`);
    return false;
  });
  return { ...input, overrides: Object.fromEntries(given) };
}

const noSecret = (place: string): UserError =>
  new UserError(400, 'masked-secret', `${place}: '${MASK}' stands for a stored secret, but none is stored`);
