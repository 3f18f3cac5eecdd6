// Facts of a device as its known parameters tell them, whatever it has written into these.
import { isIP } from 'node:net';
import { isoTime } from '../../query/compare.ts';
import { type Fact, type FactKind, type FactSource, lineStates } from '../../query/facts.ts';
import { isWild, wildPattern } from '../../query/wildcard.ts';

export type FactValue = string | number | boolean;

/** A fact as one parameter tells it. */
export interface FactLine {
  name: string;
  /** Null where the device has written what is no such value. */
  value: FactValue | null;
  /** The text that it has written instead, cut. */
  told?: string;
  /** The name of the row, as the device has it. */
  of?: string;
  path: string;
  /** Time of the value, milliseconds. */
  time: number;
}

export interface KnownText {
  text: string;
  time: number;
}

const MAX_ROWS = 64;
const MAX_TEXT = 256;
/** Times before it stand for unknown ones (TR-106 3.2). */
const FIRST_TIME = Date.UTC(1971, 0, 1);

const stateOf = new Map(
  Object.entries(lineStates).flatMap(([state, words]) => words.map(word => [word.toLowerCase(), state])),
);
const flags: ReadonlyMap<string, boolean> = new Map([
  ['1', true],
  ['true', true],
  ['0', false],
  ['false', false],
]);

/** The value that a text stands for: undefined for none, null for one that is not of its kind. */
const readers: Readonly<Record<FactKind, (text: string) => FactValue | null | undefined>> = {
  text: text => text.slice(0, MAX_TEXT),
  number: text => (/^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : null),
  flag: text => flags.get(text.toLowerCase()) ?? null,
  time: text => {
    const at = isoTime(text);
    if (at === undefined) return null;
    return at < FIRST_TIME ? undefined : new Date(at).toISOString();
  },
  address: text => (isIP(text) === 0 ? null : /^(0\.0\.0\.0|::)$/.test(text) ? undefined : text),
  state: text => stateOf.get(text.toLowerCase()) ?? null,
};

const order = new Intl.Collator('en', { numeric: true });

/** The lines of a fact, by path. Of an address, those of the first source that tells one. @param known readable values, secrets masked */
export function factLines(name: string, fact: Fact, known: ReadonlyMap<string, KnownText>): FactLine[] {
  const found: FactLine[] = [];
  for (const source of fact.sources) {
    const lines = pathsOf(source.path, known).flatMap(path => lineOf({ name, fact, source, path, known }) ?? []);
    if (fact.kind === 'address' && lines.some(({ value }) => value !== null)) return lines;
    found.push(...lines);
  }
  return found.slice(0, MAX_ROWS);
}

function pathsOf(path: string, known: ReadonlyMap<string, KnownText>): string[] {
  if (!isWild(path)) return known.has(path) ? [path] : [];
  const pattern = wildPattern(path);
  return [...known.keys()]
    .filter(name => pattern.test(name))
    .sort(order.compare)
    .slice(0, MAX_ROWS);
}

interface FactRow {
  name: string;
  fact: Fact;
  source: FactSource;
  path: string;
  known: ReadonlyMap<string, KnownText>;
}

function lineOf({ name, fact, source, path, known }: FactRow): FactLine | undefined {
  const { text, time } = known.get(path) as KnownText;
  const written = text.trim();
  const value = written === '' ? undefined : readers[fact.kind](written);
  if (value === undefined) return undefined;
  const label = source.label && known.get(path.slice(0, path.lastIndexOf('.') + 1) + source.label)?.text;
  return {
    name,
    value,
    ...(value === null ? { told: written.slice(0, MAX_TEXT) } : {}),
    ...(label ? { of: label.slice(0, MAX_TEXT) } : {}),
    path,
    time,
  };
}
