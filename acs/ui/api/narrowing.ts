// Calls that give a preset another filter, and leave all else of it.
import { call, callTagged } from './call.ts';
import { countDevices } from './devices.ts';
import { bothFilters } from './faults.ts';

export interface PresetText {
  /** Empty for a preset for every device. */
  filter: string;
  document: Readonly<Record<string, unknown>>;
  /** The version that was read. */
  etag: string | undefined;
}

const pathOf = (name: string): string => `/presets/${encodeURIComponent(name)}`;

export async function readPreset(name: string, signal?: AbortSignal): Promise<PresetText> {
  const { value, etag } = await callTagged<Record<string, unknown>>('GET', pathOf(name), { signal });
  const { when, name: _name, ...document } = value;
  return { filter: typeof when === 'string' ? when : '', document, etag };
}

/** @throws Problem 412 where it was changed meanwhile */
export async function narrowPreset(name: string, { document, etag }: PresetText, filter: string): Promise<void> {
  const headers = etag === undefined ? {} : { 'if-match': etag };
  await call('PUT', pathOf(name), { body: { ...document, when: filter }, headers });
}

/** The filter of a preset without some devices. */
export const narrowedFilter = ({ filter }: PresetText, without: string): string =>
  bothFilters(filter, `not (${without})`) ?? '';

/** The number of devices that a preset would have left. */
export const countLeft = async (name: string, without: string, signal?: AbortSignal): Promise<number> =>
  await countDevices(narrowedFilter(await readPreset(name, signal), without), signal);
