// The parameters that presets set, held against the rights of the caller.
import { UserError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';
import type { Preset } from './preset.ts';

/** @throws UserError 403 for a preset that sets, or may set, parameters out of the rights */
export function assertSetsPreset(caller: Caller, preset: Preset): void {
  const { when, set = {}, objects = {}, certificates = [], script, firmware } = preset;
  if (when !== undefined && !caller.readsAll) caller.readable(when);
  if (caller.setsAll) return;
  const place = script ? 'script' : firmware ? 'firmware' : certificates.length > 0 ? 'certificates' : undefined;
  if (place)
    throw new UserError(
      403,
      'parameters-forbidden',
      `${place}: a file may set any parameter; your rights allow only some`,
    );
  const cells = Object.entries(objects).flatMap(([table, { keys, rows, exclusive }]) =>
    exclusive
      ? [table]
      : [...new Set([...keys, ...rows.flatMap(row => Object.keys(row))])].map(name => `${table}*.${name}`),
  );
  caller.assertSets([...Object.keys(set), ...cells]);
}
