// The products of the enrolled devices that a filter fits, counted by the store's indexes and not device by device.
import { type Field, type Filter, fields } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import type { Group } from '../../store/store.ts';
import type { FleetContext } from '../common/context.ts';
import type { Product } from './learned-model.ts';

/** The most products of one level (makers, their products, versions) and in all; the most frequent ones count. */
const MAX_OF_LEVEL = 20;
const MAX_PRODUCTS = 60;

export interface FittingProduct {
  product: Product;
  devices: number;
}

/** @param when a preset's filter; absent: all devices */
export async function fittingProducts(
  context: Pick<FleetContext, 'store' | 'clock'>,
  when: string | undefined,
): Promise<FittingProduct[]> {
  const enrolled = parseFilter('state = "enrolled"');
  const all: Filter = when ? { op: 'and', of: [enrolled, parseFilter(when)] } : enrolled;
  const found: FittingProduct[] = [];
  for (const maker of await groupsBy(context, all, fields.oui))
    for (const product of await groupsBy(context, maker.filter, fields.productClass))
      for (const version of await groupsBy(context, product.filter, fields.firmware)) {
        const row = await context.store.device(version.group.samples[0] ?? '');
        if (row) found.push({ product: productOf(row), devices: version.group.count });
        if (found.length >= MAX_PRODUCTS) return found;
      }
  return found;
}

export const productOf = ({ oui, productClass, softwareVersion, manufacturer, root }: Product): Product => ({
  oui,
  productClass,
  softwareVersion,
  manufacturer,
  // A device that has not come yet has told no root: the newer one.
  root: root || 'Device.',
});

async function groupsBy(
  { store, clock }: Pick<FleetContext, 'store' | 'clock'>,
  filter: Filter,
  by: Field | undefined,
): Promise<{ group: Group; filter: Filter }[]> {
  if (!by) return [];
  const query = { among: filter, filter, by, totals: false, limit: MAX_OF_LEVEL, now: clock.now() };
  const { groups } = await store.groups(query);
  return groups.map(group => ({ group, filter: { op: 'and', of: [filter, isValue(by, group.key)] } }));
}

const isValue = (field: Field, key: string): Filter =>
  key === ''
    ? { op: 'not', of: { op: 'exists', field } }
    : { op: 'in', field, values: [{ as: field.kind === 'version' ? 'version' : 'text', text: key }] };
