// Completions of a filter while it is written: fields and values from the vocabulary of the server, the rest from the language itself.
import { useEffect, useState } from 'preact/hooks';
import { fields } from '../../../query/filter.ts';
import { quotedText } from '../../../query/quote.ts';
import { isAborted } from '../../api/problem.ts';
import { getVocabulary, type Vocabulary } from '../../api/vocabulary.ts';
import { after } from '../../state/clock.ts';
import { filter as english } from '../../words/en/filter.ts';
import { textsOf } from '../../words/texts.ts';
import { type Writing, writingAt } from './writing.ts';

const words = textsOf('filter', english);
const WAIT_MS = 60;
const MOST = 12;

export interface Completion {
  group: string;
  /** As it is shown; `begun` is marked in it. */
  text: string;
  note?: string;
  count?: number;
  /** Replaces the text between these places. */
  from: number;
  to: number;
  insert: string;
}

const kindOf = (name: string): string | undefined => (Object.hasOwn(fields, name) ? fields[name]?.kind : undefined);
const isRaw = (name: string): boolean => ['flag', 'number'].includes(kindOf(name) ?? '');

function testsOf({ field, begun, from, to }: Writing): Completion[] {
  const kind = kindOf(field);
  if (kind === 'flag') return joinsOf({ from: to, to, begun: '' });
  const isOrdered = ['version', 'time', 'faultTime', 'number', undefined, 'site', 'path'].includes(kind);
  const isText = !['time', 'faultTime', 'number'].includes(kind ?? '');
  const notes = words().tests;
  const names = ['=', '!=', ...(isOrdered ? ['<', '<=', '>', '>='] : []), ...(isText ? ['like', 'in'] : []), 'exists'];
  return names
    .filter(name => name.startsWith(begun.toLowerCase()))
    .map(name => ({
      group: words().comparisons,
      text: name,
      note: notes[name as keyof typeof notes],
      ...{ from, to },
      insert: name === 'in' ? ' in ("' : ` ${name} `,
    }));
}

const joinsOf = ({ from, to, begun }: Pick<Writing, 'from' | 'to' | 'begun'>): Completion[] =>
  ['and', 'or']
    .filter(name => name.startsWith(begun))
    .map(name => ({ group: words().joins, text: name, from, to, insert: ` ${name} ` }));

function fieldsOf({ from, to }: Writing, found: Vocabulary): Completion[] {
  const at = { from, to };
  const known = found.fields.map(({ name, type }) => ({
    ...at,
    group: words().fields,
    text: name,
    note: type,
    insert: `${name} `,
  }));
  const forms = found.functions.map(({ name, form }) => ({
    ...at,
    group: words().functions,
    text: name,
    note: form,
    insert: `${name} `,
  }));
  const paths = found.paths.map(({ path, type }) => ({
    ...{ ...at, group: words().parameters, text: path, insert: path.endsWith('.') ? path : `${path} ` },
    ...(type === undefined ? {} : { note: type }),
  }));
  return [...known.slice(0, MOST), ...forms.slice(0, 4), ...paths.slice(0, MOST)];
}

function valuesOf(writing: Writing, found: Vocabulary): Completion[] {
  const { from, to, test, field, begun, filter, prefix } = writing;
  const group = words().valuesOf(field, filter !== undefined);
  const values = found.values.slice(0, MOST).map(({ value, count }) => {
    const text = isRaw(field) ? value : quotedText(value);
    return { group, text, count, from, to, insert: `${text} ` };
  });
  const isEqual = /=\s*(?:["'][^"']*)?$/.test(prefix) && !isRaw(field);
  if (!isEqual) return values;
  const pattern = `like ${quotedText(`${begun}%`)}`;
  const or = { group: words().or, from: test, to };
  const begins = { ...or, text: pattern, note: words().tests.begins, insert: `${pattern} ` };
  return [
    ...values,
    ...(begun === '' ? [] : [begins]),
    { ...or, text: 'exists', note: words().tests.exists, insert: 'exists ' },
  ];
}

interface Known {
  /** The place in the text that they complete. */
  place: string;
  list: readonly Completion[];
}

/** @param text undefined while no completions are wanted @returns in the order in which they are shown */
export function useCompletions(text: string | undefined, caret: number): readonly Completion[] {
  const [{ place, list }, setKnown] = useState<Known>({ place: '', list: [] });
  const writing = text === undefined ? undefined : writingAt(text, caret);
  const here = writing ? `${writing.kind} ${writing.from}` : '';
  useEffect(() => {
    if (!writing) return;
    const setFound = (found: readonly Completion[]): void => setKnown({ place: here, list: found });
    if (writing.kind === 'join') return setFound(joinsOf(writing));
    if (writing.kind === 'test') return setFound(testsOf(writing));
    const stop = new AbortController();
    const { prefix, filter } = writing;
    const ask = async (): Promise<void> => {
      try {
        const answer = await getVocabulary({ prefix, ...(filter === undefined ? {} : { filter }) }, stop.signal);
        setFound(writing.kind === 'value' ? valuesOf(writing, answer) : fieldsOf(writing, answer));
      } catch (error) {
        // A field that the server does not know has no values, which the filter itself says.
        if (!isAborted(error)) setFound([]);
      }
    };
    const cancel = after(WAIT_MS, () => void ask());
    return () => {
      cancel();
      stop.abort();
    };
  }, [text, caret]);
  // Those of another place would be put in at the wrong one.
  return place === here && writing ? list.map(each => ({ ...each, to: caret })) : [];
}
