// Three versions of a preset: the one that was begun from, the one that another writer has stored, and the own one.
import type { Document } from '../../api/presets.ts';
import type { JsonPath } from '../../components/code/json-walk.ts';
import { changesBetween, keyOf, settingsOf, withSetting } from './document.ts';

export interface MergeRow {
  path: JsonPath;
  base: unknown;
  theirs: unknown;
  own: unknown;
  /** Both have changed it, to different values. */
  isConflict: boolean;
}

export interface Merge {
  /** The own document with all that only the other writer has changed. */
  document: Document;
  /** Settings that one or both have changed. */
  rows: MergeRow[];
}

export function mergeOf(base: Document, theirs: Document, own: Document): Merge {
  const theirChanges = new Map(changesBetween(base, theirs).map(change => [keyOf(change.path), change]));
  const ownChanges = new Map(changesBetween(base, own).map(change => [keyOf(change.path), change]));
  const [before, ownSettings, theirSettings] = [settingsOf(base), settingsOf(own), settingsOf(theirs)];
  const rows = [...new Set([...theirChanges.keys(), ...ownChanges.keys()])].map(key => {
    const [theirChange, ownChange] = [theirChanges.get(key), ownChanges.get(key)];
    return {
      path: (theirChange ?? ownChange)?.path ?? [],
      base: before.get(key)?.value,
      theirs: theirSettings.get(key)?.value,
      own: ownSettings.get(key)?.value,
      isConflict:
        theirChange !== undefined &&
        ownChange !== undefined &&
        JSON.stringify(theirChange.to) !== JSON.stringify(ownChange.to),
    };
  });
  const document = rows
    .filter(({ path, isConflict }) => !isConflict && theirChanges.has(keyOf(path)))
    .reduce((merged, { path, theirs: value }) => withSetting(merged, path, value), own);
  return { document, rows };
}
