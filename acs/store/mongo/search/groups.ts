// Groups and facets of devices in MongoDB.
import { isPlural } from '../../../query/facet.ts';
import { everyDevice, type Field, type Filter } from '../../../query/filter.ts';
import type { Facet, FacetQuery, Facets, Group, GroupQuery, Groups } from '../../store.ts';
import type { Counts, DeviceCounts } from './device-counts.ts';

export class DeviceGroups {
  readonly #counts: DeviceCounts;

  constructor(counts: DeviceCounts) {
    this.#counts = counts;
  }

  async read({ among, filter, by, totals, limit, now }: GroupQuery): Promise<Groups> {
    const both: Filter = { op: 'and', of: [among, filter] };
    const fitting = await this.#counts.by(both, by, now);
    const all = totals ? await this.#counts.by(among, by, now) : fitting;
    const groups = [...fitting]
      .map(([key, { n, first, last }]): Group => {
        // The two are counted one after the other: a device may fit only since.
        const total = Math.max(n, all.get(key)?.n ?? n);
        return { key, count: n, total, samples: first === last ? [first] : [first, last] };
      })
      .sort((a, b) => b.count - a.count || Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    const sum =
      by?.kind === 'tag' || by?.kind === 'fault'
        ? ((await this.#counts.by(both, undefined, now)).get('')?.n ?? 0)
        : groups.reduce((total, group) => total + group.count, 0);
    return { groups: groups.slice(0, limit), omitted: Math.max(0, groups.length - limit), count: sum };
  }

  async facets({ filter = everyDevice, by, top, now }: FacetQuery): Promise<Facets> {
    const total = await this.#counts.numberOf(filter, everyDevice, now);
    const facets: Facet[] = [];
    for (const field of by) facets.push(await this.#facet(filter, field, { top, now, total }));
    return { total, facets };
  }

  async #facet(
    filter: Filter,
    field: Field,
    { top, now, total }: { top: number; now: number; total: number },
  ): Promise<Facet> {
    const counts = await this.#valuesOf(filter, field, now);
    const all = [...counts].flatMap(([value, count]) => (value === '' ? [] : { value, count }));
    all.sort((a, b) => b.count - a.count || Buffer.compare(Buffer.from(a.value), Buffer.from(b.value)));
    const has = isPlural(field) ? await this.#counts.numberOf(filter, { op: 'exists', field }, now) : sumOf(all);
    return { values: all.slice(0, top), others: sumOf(all.slice(top)), missing: Math.max(0, total - has) };
  }

  /** By value, '' for devices without one. */
  async #valuesOf(filter: Filter, field: Field, now: number): Promise<Map<string, number>> {
    if (field.kind !== 'flag') return numbersOf(await this.#counts.by(filter, field, now));
    const counts = new Map<string, number>();
    for (const flag of [true, false]) {
      const state: Filter = { op: 'compare', field, test: '=', value: { as: 'flag', flag } };
      const n = await this.#counts.numberOf(filter, state, now);
      if (n > 0) counts.set(String(flag), n);
    }
    return counts;
  }
}

const numbersOf = (counts: Counts): Map<string, number> => new Map([...counts].map(([key, { n }]) => [key, n]));
const sumOf = (values: Facet['values']): number => values.reduce((sum, { count }) => sum + count, 0);
