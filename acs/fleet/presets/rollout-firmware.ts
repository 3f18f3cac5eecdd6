// The effect of a rollout on the wanted files: its image takes the place of the presets' firmware, or bars some of their versions.
import { rulingOf } from '../../device/rollout-transitions.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { MergeInput, OnLost, Wanted, WantedFile } from './desired.ts';

/** Prefix that takes the place of a preset's name where a rollout decides. No preset has such a name. */
export const ROLLOUT = 'rollout:';

/** The wanted files under the rollout of a device. @param found the files that presets want */
export function filesUnderRollout(
  found: WantedFile[],
  row: Pick<DeviceRow, 'rollout'>,
  { files, now }: Pick<MergeInput, 'files' | 'now'>,
  onLost?: OnLost,
): Pick<Wanted, 'files' | 'adopted'> {
  const ruling = rulingOf(row.rollout, now);
  if (!ruling) return { files: found };
  const others = found.filter(({ kind }) => kind !== 'firmware');
  const firmware = found.filter(({ kind }) => kind === 'firmware');
  if ('barred' in ruling)
    return { files: [...others, ...firmware.filter(({ file }) => !ruling.barred.includes(file.version ?? ''))] };
  const { rollout, version, file: name } = ruling;
  const isDone = row.rollout?.id === rollout && row.rollout.state === 'done';
  if (isDone && firmware.some(({ file }) => file.version === version)) return { files: found, adopted: rollout };
  for (const { preset } of firmware) onLost?.({ kind: 'files', name: 'firmware', preset });
  const file = files.get(name);
  // A file in use cannot be deleted. If it is missing nevertheless, no other file takes its place.
  if (!file) return { files: others };
  return { files: [...others, { kind: 'firmware', file, preset: ROLLOUT + rollout, rollout }] };
}

/** The parts of a device's rollout position that its wanted state depends on: none for a device without a rollout. */
export function rolloutInputs(row: Pick<DeviceRow, 'rollout'>, now: number): unknown[] {
  const ruling = rulingOf(row.rollout, now);
  if (!ruling) return [];
  const { state, since } = row.rollout ?? {};
  // Each offer is an input of its own, even of the same image. Once the device is done, presets may decide again.
  return [ruling, ...(state === 'offered' ? [since] : []), ...(state === 'done' ? [state] : [])];
}
