// Calls about faults: in groups, one by one, tried again; and what their devices have in common.
import type { Static } from 'typebox';
import type * as faultShapes from '../../north/schemas/faults.ts';
import type * as comparisonShapes from '../../north/schemas/monitoring/comparison.ts';
import { quotedText } from '../../query/quote.ts';
import { call, urlOf } from './call.ts';
import type { Fault, Page } from './shapes.ts';

export type FaultGroups = Static<typeof faultShapes.faultGroups>;
/** A group; one that was made by other fields has their values by name. */
export type FaultGroup = FaultGroups['items'][number] & Readonly<Record<string, unknown>>;
export type Comparison = Static<typeof comparisonShapes.comparison>;
export type CommonValue = Comparison['items'][number];

/** Most groups that are shown; the rest is one row. */
export const MAX_GROUPS = 100;

export interface FaultSearch {
  filter?: string | undefined;
  group?: string | undefined;
}

export const bothFilters = (...filters: readonly (string | undefined)[]): string | undefined => {
  const given = filters.filter(filter => filter !== undefined && filter.trim() !== '');
  return given.length > 1 ? given.map(filter => `(${filter})`).join(' and ') : given[0];
};

export const groupFaults = async (
  search: FaultSearch & { by?: string | undefined },
  signal?: AbortSignal,
): Promise<FaultGroups> => await call('GET', '/faults/groups', { query: { ...search, limit: MAX_GROUPS }, signal });

export const listFaults = async (
  search: FaultSearch & { limit: number; sort?: string },
  signal?: AbortSignal,
): Promise<Page<Fault>> => await call('GET', '/faults', { query: { ...search }, signal });

export const countFaults = async (filter: string | undefined, signal?: AbortSignal): Promise<number> =>
  (await call<Page<Fault>>('GET', '/faults', { query: { filter, limit: 1, count: true }, signal })).total ?? 0;

/** Clears faults, so that the next sessions try again. @param expect their number, as it was shown */
export const retryFaults = async (search: FaultSearch, expect: number): Promise<number> =>
  (await call<{ cleared: number }>('POST', '/faults/retry', { body: { ...search, expect } })).cleared;

/** The address of all faults that fit, as CSV. */
export const faultsCsv = (search: FaultSearch): string => urlOf('/faults', { ...search, format: 'csv' });

const fieldsOfGroups: Readonly<Record<string, string>> = {
  ...{ cause: 'fault.cause', code: 'fault.code', parameter: 'fault.parameter', product: 'productClass' },
};
const notFields: ReadonlySet<string> = new Set([
  ...['key', 'message', 'hint', 'count', 'devices', 'first', 'last', 'spread', 'examples'],
]);

/** A filter over the devices of a group. */
export function devicesOf(group: FaultGroup): string {
  const parts = Object.entries(group).flatMap(([name, value]) => {
    if (notFields.has(name)) return [];
    const field = fieldsOfGroups[name] ?? name;
    return value === null || value === '' ? [] : [`${field} = ${quotedText(String(value))}`];
  });
  const isOfFaults = 'cause' in group || 'code' in group;
  return [...(isOfFaults ? [] : ['fault exists']), ...parts].join(' and ');
}

export interface InCommon extends Comparison {
  /** The product that they are all of, where they are compared with others of it. */
  product: string | undefined;
}

/** Values that are no accident are few. */
const TOP = 5;

/** Compares the devices of a group with those of their product without it, or with all others. */
export async function inCommon(group: FaultGroup, filter: string | undefined, signal?: AbortSignal): Promise<InCommon> {
  const these = bothFilters(devicesOf(group), filter) ?? '';
  const compare = async (against?: string): Promise<Comparison> =>
    await call('POST', '/compare', {
      body: { these, top: TOP, ...(against === undefined ? {} : { against }) },
      signal,
    });
  const [only, ...others] = group.spread.product;
  if (only && others.length === 0) {
    const product = only.value;
    const found = await compare(`productClass = ${quotedText(product)}`);
    if (found.against > 0) return { ...found, product };
  }
  return { ...(await compare()), product: undefined };
}
