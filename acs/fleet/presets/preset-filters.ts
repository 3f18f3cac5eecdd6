// The filters of stored presets, for searches by `preset = "name"`: the devices that a preset fits.
import { everyDevice } from '../../query/filter.ts';
import { type PresetFilters, parseFilter } from '../../query/parser.ts';
import type { FleetContext } from '../common/context.ts';
import { soundPreset } from './preset-shape.ts';

/** @param text a filter; presets are read only where it names some */
export async function presetFilters({ store }: Pick<FleetContext, 'store'>, text: string): Promise<PresetFilters> {
  if (!/\bpreset\b/i.test(text)) return () => undefined;
  const whens = new Map(
    (await store.documents<unknown>('preset')).map(({ name, body }) => [name, soundPreset(body).preset.when]),
  );
  return name => {
    if (!whens.has(name)) return undefined;
    const when = whens.get(name);
    return when ? parseFilter(when) : everyDevice;
  };
}
