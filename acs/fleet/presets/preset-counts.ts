// Counts of devices for the list of presets.
import { bothFilters, type Filter } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import type { FleetContext } from '../common/context.ts';

export class PresetCounts {
  readonly #context: Pick<FleetContext, 'store' | 'clock'>;

  constructor(context: Pick<FleetContext, 'store' | 'clock'>) {
    this.#context = context;
  }

  /** Counts the enrolled devices that a filter of a preset fits. @param within devices beyond it do not count */
  async fits(when: string | undefined, within?: Filter): Promise<number> {
    const enrolled = bothFilters(parseFilter('state = "enrolled"'), within);
    return await this.#count(bothFilters(enrolled, when ? parseFilter(when) : undefined));
  }

  /** Counts the devices on which a preset has a fault. */
  async faults(name: string, within?: Filter): Promise<number> {
    return await this.#count(bothFilters(parseFilter(`fault.cause = "preset:${name}"`), within));
  }

  #count(filter: Filter | undefined): Promise<number> {
    const { store, clock } = this.#context;
    return store.countDevices(filter, clock.now());
  }
}
