// Learned models: what devices of one product and firmware have told of their parameters. Pure; kept as documents of kind `learnedModel`.
import { createHash } from 'node:crypto';
import type { ParameterInfo } from '../../../shared/cwmp/methods.ts';

/** The devices that share a model. */
export interface Product {
  oui: string;
  productClass: string;
  softwareVersion: string;
  manufacturer: string;
  root: string;
}

/** All that is known of one parameter, or of one object, whose path ends with a dot. */
export interface LearnedEntry {
  /** Also of an object: rows can be added to the table, or the row can be deleted. */
  writable?: boolean;
  /** `xsd:…`, as devices send it. */
  type?: string;
  /** Devices have refused the name as unknown (fault 9005). */
  absent?: true;
  /** Digests of the last values that devices have refused (fault 9007). */
  refused?: string[];
}

/** By template path: instance numbers are `{i}`. */
export type LearnedEntries = Record<string, LearnedEntry>;

export interface LearnedModel {
  product: Product;
  entries: LearnedEntries;
}

export const MAX_LEARNED_ENTRIES = 5000;
const MAX_REFUSED = 8;

export const LEARNED_PREFIX = 'learned-';

/** The name of its document: the same for the same product and firmware. */
export const learnedName = ({ oui, productClass, softwareVersion, root }: Product): string =>
  LEARNED_PREFIX +
  createHash('sha256')
    .update(JSON.stringify([oui, productClass, softwareVersion, root]))
    .digest('hex')
    .slice(0, 16);

/** The digest of a value that was refused: values themselves are not kept, because some are secrets. */
export const refusedDigest = (path: string, value: string): string =>
  createHash('sha256').update(`${path} ${value}`).digest('base64url').slice(0, 12);

/** Adds what is newer to what is known. @returns whether anything is new */
export function learnInto(known: LearnedEntries, fresh: LearnedEntries): boolean {
  let isNew = false;
  let room = MAX_LEARNED_ENTRIES - Object.keys(known).length;
  for (const [path, entry] of Object.entries(fresh)) {
    const before = Object.hasOwn(known, path) ? known[path] : undefined;
    if (!before && room-- <= 0) continue;
    const after = joined(before, entry);
    if (before && JSON.stringify(before) === JSON.stringify(after)) continue;
    known[path] = after;
    isNew = true;
  }
  return isNew;
}

/** Newer facts win: a name that is read or set is not absent any more. */
export function joined(before: LearnedEntry = {}, fresh: LearnedEntry): LearnedEntry {
  const writable = fresh.writable ?? before.writable;
  const type = fresh.type ?? before.type;
  const isAbsent = fresh.absent ?? (fresh.writable === undefined && fresh.type === undefined && before.absent);
  const refused = [...new Set([...(before.refused ?? []), ...(fresh.refused ?? [])])].slice(-MAX_REFUSED);
  return {
    ...(writable === undefined ? {} : { writable }),
    ...(type === undefined ? {} : { type }),
    ...(isAbsent ? { absent: true as const } : {}),
    ...(refused.length > 0 ? { refused } : {}),
  };
}

/** Facts of a name in an answer to GetParameterNames. */
export const namedEntry = ({ Writable }: Pick<ParameterInfo, 'Writable'>): LearnedEntry => ({ writable: Writable });
