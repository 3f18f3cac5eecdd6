// The order of a search for devices: by the key of one field, with the id for equal keys.
import { isUnfinished, livenessOf, onlineUntil } from '../device/liveness.ts';
import type { DeviceRow } from '../device/row.ts';
import { UserError } from '../errors.ts';
import { isoTime } from './compare.ts';
import type { Field } from './filter.ts';
import { parseField } from './parser.ts';
import { numberOf, type TreeLookup, textsOf, timeField } from './predicate.ts';
import { versionKey } from './version-key.ts';
import { isWild } from './wildcard.ts';

export interface Sort {
  field: Field;
  descending: boolean;
}

export type SortKey = string | number;

/** @param text a field, with `-` in front for descending; default: `id` @throws UserError 400 `bad-sort` */
export function parseSort(text = 'id'): Sort {
  const descending = text.startsWith('-');
  const name = descending ? text.slice(1) : text;
  return { field: sortField(name), descending };
}

function sortField(name: string): Field {
  if (name === 'fault' || name === 'faults') return { kind: 'number', name: 'faults' };
  let field: Field | undefined;
  try {
    field = parseField(name);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  if (!field || field.kind === 'faultTime' || (field.kind === 'path' && isWild(field.name)))
    throw new UserError(
      400,
      'bad-sort',
      `cannot sort by "${name.slice(0, 100)}": a field of filters, site.NAME or the path of a parameter, with - in front for descending`,
    );
  return field;
}

/**
 * The key of a text of unknown type: numbers come before other texts, in their order; '' for none. Plain byte order is the order of keys.
 */
export function typedKey(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  if (!/^\s*[+-]?\d{1,300}(\.\d{1,300})?\s*$/.test(text)) return `t${text}`;
  // The bits of a number sort as the number does once the sign is turned round.
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Number(text) + 0);
  const bits = view.getBigUint64(0);
  const ordered = bits >> 63n ? ~bits & MASK : bits | SIGN;
  return `n${ordered.toString(16).padStart(16, '0')}`;
}

const SIGN = 1n << 63n;
const MASK = (1n << 64n) - 1n;

/** The key of a device: a number for counts, times and flags; of several texts the least. */
export function sortKey(row: DeviceRow, field: Field, now: number, tree?: TreeLookup): SortKey {
  switch (field.kind) {
    case 'time':
      return timeField(row, field);
    case 'number':
      return numberOf(row, field);
    case 'flag':
      return flagKey(row, field, now);
    case 'version':
      return field.name === 'firmware' ? versionKey(row.softwareVersion) : row.hardwareVersion;
    case 'site':
    case 'path':
      return typedKey(textsOf(row, field, now, tree)[0]);
    default:
      return leastOf(textsOf(row, field, now, tree));
  }
}

function flagKey(row: DeviceRow, { name }: Field, now: number): number {
  if (name === 'online') return onlineUntil(row);
  if (name === 'unfinished') return Number(isUnfinished(row));
  return Number(name === 'restart' ? row.restart !== undefined : livenessOf(row, now) === name);
}

const leastOf = (texts: readonly string[]): string =>
  texts.reduce<string | undefined>(
    (least, text) => (least === undefined || orderKeys(text, least) < 0 ? text : least),
    undefined,
  ) ?? '';

/** The order of keys in every store: that of numbers, or of the bytes of UTF-8. */
export const orderKeys = (a: SortKey, b: SortKey): number =>
  typeof a === 'number' && typeof b === 'number'
    ? a - b
    : Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));

/** The key of a value as an operator writes it, from which a page begins. @throws UserError 400 `bad-sort` */
export function keyOfText({ kind, name }: Field, text: string): SortKey {
  if (kind === 'site' || kind === 'path') return typedKey(text);
  if (kind === 'version') return name === 'firmware' ? versionKey(text) : text;
  if (kind !== 'time' && kind !== 'number' && kind !== 'flag') return text;
  const key = isoTime(text) ?? (text.trim() === '' ? Number.NaN : Number(text));
  if (Number.isFinite(key)) return key;
  throw new UserError(400, 'bad-sort', `at: "${text.slice(0, 100)}" is neither a number nor a time`);
}
