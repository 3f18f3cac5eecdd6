// Lists of devices: a page of a search with the fields that are asked for, of which only the sources are read.
import { mapInTurns } from '../../../shared/turns.ts';
import { informValues } from '../../device/inform.ts';
import type { DeviceRow } from '../../device/row.ts';
import { bothFilters, type Filter } from '../../query/filter.ts';
import type { FacetQuery, Facets, KnownTexts } from '../../store/store.ts';
import type { FleetContext } from '../common/context.ts';
import { type DeviceView, partOf, sourcesOf, type ViewName, viewNames } from './device-view.ts';

const DEFAULT_LIMIT = 50;
/** Views that are made without a break: about a millisecond. */
export const VIEWS = 64;

export interface DeviceSearch {
  filter?: Filter;
  sort?: string;
  limit?: number;
  cursor?: string;
  /** Where the first page begins (store.ts). */
  offset?: number;
  at?: string;
  /** Devices beyond it are left out as if they were not there. */
  within?: Filter | undefined;
  /** Fields of the view; default: all. */
  names?: readonly ViewName[];
  /** Parameters beside them. */
  paths?: readonly string[];
}

/** A device in a list. */
export interface ListedDevice {
  view: Partial<DeviceView>;
  /** Values of the parameters that were asked for, null for unknown ones. */
  values: Readonly<Record<string, string | null>>;
}

type Context = Pick<FleetContext, 'store' | 'clock'>;

/** @throws UserError 400 for a bad filter, sort field or cursor */
export async function listDevices(
  { store, clock }: Context,
  { filter: own, within, limit = DEFAULT_LIMIT, names, paths = [], ...place }: DeviceSearch,
): Promise<{ items: ListedDevice[]; next: string | null }> {
  const filter = bothFilters(own, within);
  const now = clock.now();
  const told = paths.length > 0 ? (['told'] as const) : [];
  const page = await store.devices({
    ...(filter ? { filter } : {}),
    ...place,
    ...(names ? { only: [...new Set([...sourcesOf(names), 'id' as const, ...told])] } : {}),
    limit,
    now,
  });
  const known = await knownOf(store, page.items, paths);
  const items = await mapInTurns(page.items, VIEWS, row => ({
    view: partOf(row, now, names ?? viewNames),
    values: valuesOf(row, paths, known.get(row.id)),
  }));
  return { items, next: page.next ?? null };
}

/** Reads from the parameter trees what the last Informs did not carry. */
async function knownOf(
  store: Context['store'],
  rows: readonly DeviceRow[],
  paths: readonly string[],
): Promise<ReadonlyMap<string, KnownTexts>> {
  if (paths.length === 0) return new Map();
  const cold = rows.filter(row => {
    const told = informValues(row);
    return paths.some(path => !Object.hasOwn(told, path) || told[path] === null);
  });
  const ids = cold.map(({ id }) => id);
  return ids.length > 0 ? await store.knownValues(ids, paths) : new Map();
}

function valuesOf(
  row: DeviceRow,
  paths: readonly string[],
  known: KnownTexts | undefined,
): Record<string, string | null> {
  if (paths.length === 0) return {};
  const told: Record<string, string | null> = informValues(row);
  const valueAt = (path: string, at: number): string | null =>
    (Object.hasOwn(told, path) ? told[path] : null) ?? known?.[at] ?? null;
  return Object.fromEntries(paths.map((path, at) => [path, valueAt(path, at)]));
}

/** The devices that are counted. */
export type CountSearch = Pick<DeviceSearch, 'filter' | 'within'>;

export type FacetSearch = CountSearch & Pick<FacetQuery, 'by' | 'top'>;

const filterOf = ({ filter, within }: CountSearch): Filter | undefined => bothFilters(filter, within);

/** The number of devices that fit. @throws UserError 400 for a bad filter */
export async function countDevices({ store, clock }: Context, search: CountSearch): Promise<number> {
  return await store.countDevices(filterOf(search), clock.now());
}

/** The devices that fit, counted by each value of some fields. @throws UserError 400 for a bad filter */
export async function countFacets({ store, clock }: Context, { by, top, ...search }: FacetSearch): Promise<Facets> {
  const filter = filterOf(search);
  return await store.facets({ ...(filter ? { filter } : {}), by, top, now: clock.now() });
}
