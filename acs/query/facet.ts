// Facets: how many devices have each value of a field.
import type { DeviceRow } from '../device/row.ts';
import { UserError } from '../errors.ts';
import type { Field } from './filter.ts';
import { parseField } from './parser.ts';
import { flagOf, numberOf, type TreeLookup, textsOf } from './predicate.ts';
import { isWild } from './wildcard.ts';

/** @throws UserError 400 `bad-facet` */
export function parseFacet(name: string): Field {
  let field: Field | undefined;
  try {
    field = parseField(name);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  const isCounted = field && !['time', 'faultTime', 'anySite'].includes(field.kind);
  if (field && isCounted && !(field.kind === 'path' && isWild(field.name))) return field;
  throw new UserError(
    400,
    'bad-facet',
    `cannot count by "${name.slice(0, 100)}": a field of filters that is no time, site.NAME, or the path of a parameter`,
  );
}

/** Fields of which a device may have several values. */
export const isPlural = ({ kind }: Field): boolean => kind === 'tag' || kind === 'fault';

/** The values of a device, each once; none for unknown and empty ones. */
export function facetTexts(row: DeviceRow, field: Field, now: number, tree?: TreeLookup): string[] {
  if (field.kind === 'number') return [String(numberOf(row, field))];
  if (field.kind === 'flag') return [String(flagOf(row, field, now))];
  return [...new Set(textsOf(row, field, now, tree))].filter(text => text !== '');
}
