// Facts of a device from what is known of it: its parameter tree, and what its Informs have told.
import { Turns } from '../../../shared/turns.ts';
import type { DeviceRow } from '../../device/row.ts';
import { type FactSource, facts } from '../../query/facts.ts';
import { isWild, wildPattern, wildStart } from '../../query/wildcard.ts';
import type { Store } from '../../store/store.ts';
import { type FactLine, factLines, type KnownText } from './fact-values.ts';
import { knownPages } from './known-parameters.ts';

/** Values that are read, or looked at, without a break. */
const PORTION = 500;

/** The text of a parameter as a reader of facts sees it; undefined for none. */
export type ShownText = (path: string, text: string) => string | undefined;

/** All facts of a device that its parameters tell. */
export async function factsOf(store: Store, row: DeviceRow, shown: ShownText): Promise<FactLine[]> {
  const known = await knownTexts(store, row, shown);
  return Object.entries(facts).flatMap(([name, fact]) => factLines(name, fact, known));
}

async function knownTexts(store: Store, row: DeviceRow, shown: ShownText): Promise<Map<string, KnownText>> {
  const known = new Map<string, KnownText>();
  const turns = new Turns(PORTION);
  for (const [start, isWanted] of wantedParts(row.root))
    for await (const page of knownPages(store, row, { path: start, after: '', portion: PORTION })) {
      await turns.spent(page.length);
      for (const { path, value, time } of page) {
        const text = isWanted(path) ? shown(path, value) : undefined;
        if (text !== undefined) known.set(path, { text, time });
      }
    }
  return known;
}

/** The parameters that tell facts, and name rows, below a root; below both where it is not known. */
function wantedParts(root: string): [start: string, isWanted: (path: string) => boolean][] {
  const wanted = Object.values(facts)
    .flatMap(({ sources }) => sources.flatMap(namesOf))
    .filter(path => path.startsWith(root));
  const starts = [...new Set(wanted.map(path => (isWild(path) ? wildStart(path) : path)))].sort();
  const outer = starts.filter(
    start => !starts.some(other => other !== start && other.endsWith('.') && start.startsWith(other)),
  );
  return outer.map(start => {
    const below = wanted.filter(path => path.startsWith(start) || start === path);
    const exact = new Set(below.filter(path => !isWild(path)));
    const rows = below
      .filter(isWild)
      .map(path => ({ end: path.slice(path.lastIndexOf('*') + 1), all: wildPattern(path) }));
    return [start, path => exact.has(path) || rows.some(({ end, all }) => path.endsWith(end) && all.test(path))];
  });
}

const namesOf = ({ path, label }: FactSource): string[] =>
  label ? [path, path.slice(0, path.lastIndexOf('.') + 1) + label] : [path];

/** Rows of a table that lists look at: of the inner one, and of those around it. */
const INNER_ROWS = 8;
const OUTER_ROWS = 2;

/** The parameters that lists read for a fact: of tables the first rows, so that those of many devices are one read. */
export const listedPaths = (name: string): string[] =>
  facts[name]?.sources.flatMap(({ path }) => firstRows(path)) ?? [];

function firstRows(path: string): string[] {
  const at = path.indexOf('*');
  if (at < 0) return [path];
  const rest = path.slice(at + 1);
  const count = isWild(rest) ? OUTER_ROWS : INNER_ROWS;
  return Array.from({ length: count }, (_, row) => path.slice(0, at) + (row + 1) + rest).flatMap(firstRows);
}

/** A fact in a list: of one that tables tell, the values of its rows; null for an unknown one. @param texts by path, null for unknown ones */
export function listedFact(
  name: string,
  texts: Readonly<Record<string, string | null>>,
  shown: ShownText,
): FactLine['value'] | FactLine['value'][] {
  const fact = facts[name];
  if (!fact) return null;
  const known = new Map<string, KnownText>();
  for (const path of listedPaths(name)) {
    const text = texts[path] ?? null;
    const seen = text === null ? undefined : shown(path, text);
    if (seen !== undefined) known.set(path, { text: seen, time: 0 });
  }
  const values = factLines(name, fact, known).flatMap(({ value }) => value ?? []);
  const isPlural = fact.sources.some(({ path }) => isWild(path));
  if (isPlural) return values.length > 0 ? values : null;
  return values[0] ?? null;
}
