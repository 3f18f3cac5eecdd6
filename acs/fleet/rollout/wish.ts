// How a rollout reaches what a device wants: its image stands in the place of the presets' firmware, or bars them from some versions.
import { rulingOf } from '../../store/position.ts';
import type { DeviceRow } from '../../store/store.ts';
import type { Files } from '../files.ts';
import type { Wanted, WantedFile } from '../presets.ts';

/** @param found what presets want */
export async function ruledFiles(
  found: WantedFile[],
  row: DeviceRow,
  now: number,
  files: Files,
): Promise<Pick<Wanted, 'files' | 'adopted'>> {
  const ruling = rulingOf(row.rollout, now);
  if (!ruling) return { files: found };
  const others = found.filter(({ kind }) => kind !== 'firmware');
  const firmware = found.filter(({ kind }) => kind === 'firmware');
  if ('barred' in ruling)
    return { files: [...others, ...firmware.filter(({ file }) => !ruling.barred.includes(file.version ?? ''))] };
  const { rollout, version, file } = ruling;
  const isAdopted =
    row.rollout?.id === rollout &&
    row.rollout.state === 'done' &&
    firmware.some(wanted => wanted.file.version === version);
  if (isAdopted) return { files: found, adopted: rollout };
  const stored = (await files.list()).find(({ name }) => name === file);
  // Files in use cannot be deleted; should one be missing all the same, no other takes its place.
  if (!stored) return { files: others };
  return { files: [...others, { kind: 'firmware', file: stored, preset: `rollout:${rollout}`, rollout }] };
}

/** What of a device's position its wanted state depends on: nothing for a device that is in no rollout. */
export function rolloutFacts(row: DeviceRow, now: number): unknown[] {
  const ruling = rulingOf(row.rollout, now);
  if (!ruling) return [];
  // Each offer is a new fact, though it be of the same image.
  return [ruling, ...(row.rollout?.state === 'offered' ? [row.rollout.since] : [])];
}
