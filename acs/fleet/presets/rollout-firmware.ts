// How a rollout reaches what a device wants: its image stands in the place of the presets' firmware, or bars them from some versions.
import { rulingOf } from '../../device/rollout-transitions.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { MergeInput, OnLost, Wanted, WantedFile } from './desired.ts';

/** What stands as the preset's name where a rollout has the say. No preset has it. */
export const ROLLOUT = 'rollout:';

/** @param found what presets want */
export function ruledFiles(
  found: WantedFile[],
  row: Pick<DeviceRow, 'rollout'>,
  { files, now }: Pick<MergeInput, 'files' | 'now'>,
  lost?: OnLost,
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
  for (const { preset } of firmware) lost?.({ kind: 'files', name: 'firmware', preset });
  const file = files.get(name);
  // Files in use cannot be deleted; should one be missing all the same, no other takes its place.
  if (!file) return { files: others };
  return { files: [...others, { kind: 'firmware', file, preset: ROLLOUT + rollout, rollout }] };
}

/** What of a device's position its wanted state depends on: nothing for a device that is in no rollout. */
export function rolloutFacts(row: Pick<DeviceRow, 'rollout'>, now: number): unknown[] {
  const ruling = rulingOf(row.rollout, now);
  if (!ruling) return [];
  const { state, since } = row.rollout ?? {};
  // Each offer is a new fact, though it be of the same image. Once it is done, presets may have the say again.
  return [ruling, ...(state === 'offered' ? [since] : []), ...(state === 'done' ? [state] : [])];
}
