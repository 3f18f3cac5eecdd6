// The facets of a search for devices: how many devices have each value of some fields.
import { shownText } from '../../fleet/common/secrets.ts';
import { parseFacet } from '../../query/facet.ts';
import type { Field } from '../../query/filter.ts';
import type { Facet } from '../../store/store.ts';
import type { CallContext } from '../operation.ts';
import { iso } from '../views/times.ts';
import { assertTells, deviceFilter } from './devices.ts';
import { fieldsOf } from './fields.ts';

export interface FacetInput {
  filter?: string;
  /** Names of fields, separated by commas. */
  by: string;
  top?: number;
}

const DEFAULT_TOP = 8;

/** @throws UserError 400 for a bad filter or field, 403 for what the caller may not read */
export async function deviceFacets(
  { filter, by, top = DEFAULT_TOP }: FacetInput,
  context: CallContext,
): Promise<Record<string, unknown>> {
  const { fleet, clock, caller, show } = context;
  const names = fieldsOf(by, () => true);
  const fields = names.map(parseFacet);
  for (const field of fields) assertTells(field, { caller, show });
  const countedAt = iso(clock.now());
  const { total, facets } = await fleet.devices.facets({
    ...(await deviceFilter(filter, context)),
    within: caller.within,
    by: fields,
    top,
  });
  const byName = names.map((name, at) => [name, facetView(facets[at] as Facet, fields[at] as Field, show)]);
  return { total, exact: true, countedAt, facets: Object.fromEntries(byName) };
}

/** Values that are secrets by themselves, such as URLs with a login, are one. */
function facetView({ values, ...rest }: Facet, { kind, name }: Field, { secrets }: CallContext['show']): Facet {
  if (kind !== 'path' && kind !== 'site') return { values, ...rest };
  const counts = new Map<string, number>();
  for (const { value, count } of values) {
    const shown = shownText(secrets, name, value);
    counts.set(shown, (counts.get(shown) ?? 0) + count);
  }
  return { values: [...counts].map(([value, count]) => ({ value, count })), ...rest };
}
