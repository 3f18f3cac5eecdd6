// Groups of faults by name: the names that faults are grouped by, and the key by which a group is asked for again.

import { UserError } from '../../errors.ts';
import type { Filter } from '../../query/filter.ts';
import { fields } from '../../query/filter.ts';
import { parseField } from '../../query/parser.ts';
import type { FaultKey } from '../../store/store.ts';

const MAX_NAMES = 6;

/** A name that faults are grouped by, as it is written. */
export interface NamedKey {
  name: string;
  key: FaultKey;
}

const own: ReadonlySet<string> = new Set(['cause', 'code', 'parameter']);
const ofDevices: ReadonlySet<string> = new Set(['productClass', 'firmware', 'manufacturer', 'hardware', 'state']);

const badName = (name: string): UserError =>
  new UserError(
    400,
    'bad-field',
    `query.by: faults are not grouped by '${name.slice(0, 100)}' (known: ${[...own, 'product', 'firmware', 'site.NAME'].join(', ')})`,
  );

/** @throws UserError 400 `bad-field` that names the first wrong one */
export function namedKeys(text: string): NamedKey[] {
  const names = [...new Set(text.split(',').map(name => name.trim()))];
  if (names.length > MAX_NAMES) throw new UserError(400, 'bad-field', `query.by: names more than ${MAX_NAMES} fields`);
  return names.map(name => ({ name, key: keyOf(name) }));
}

function keyOf(name: string): FaultKey {
  if (own.has(name)) return name as FaultKey;
  if (name === 'product') return fields.productClass!;
  if (!name.startsWith('site.') && !ofDevices.has(name)) throw badName(name);
  try {
    return parseField(name);
  } catch (error) {
    if (error instanceof UserError) throw badName(name);
    throw error;
  }
}

/** The key of a group: the names and texts that it was made by. */
export const groupKey = (by: readonly NamedKey[], texts: readonly string[]): string =>
  Buffer.from(JSON.stringify(by.map(({ name }, at) => [name, texts[at] ?? '']))).toString('base64url');

/** @returns the names in the key, and a filter that fits the faults of its group @throws UserError 400 `bad-group` */
export function groupFilter(key: string): { names: string[]; filter: Filter } {
  const pairs = pairsOf(key);
  return {
    names: pairs.map(([name]) => name),
    filter: { op: 'and', of: pairs.map(([name, text]) => equals(keyOf(name), text)) },
  };
}

function pairsOf(key: string): [string, string][] {
  const bad = new UserError(400, 'bad-group', 'the group is not the key of one: GET /faults/groups gives them');
  let pairs: unknown;
  try {
    pairs = JSON.parse(Buffer.from(key, 'base64url').toString());
  } catch {
    throw bad;
  }
  const isPair = (pair: unknown): pair is [string, string] =>
    Array.isArray(pair) && pair.length === 2 && pair.every(text => typeof text === 'string');
  if (!Array.isArray(pairs) || pairs.length === 0 || pairs.length > MAX_NAMES || !pairs.every(isPair)) throw bad;
  return pairs;
}

function equals(key: FaultKey, text: string): Filter {
  const field = typeof key === 'string' ? ({ kind: 'fault', name: key } as const) : key;
  const same: Filter = { op: 'compare', field, test: '=', value: { as: 'text', text } };
  if (field.kind !== 'site' || text !== '') return same;
  return { op: 'or', of: [same, { op: 'not', of: { op: 'exists', field } }] };
}
