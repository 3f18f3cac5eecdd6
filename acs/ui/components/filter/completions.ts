// Completions of a filter while it is written: fields and values from the vocabulary of the server, the rest from the language itself.
import { fields } from '../../../query/filter.ts';
import { quotedText } from '../../../query/quote.ts';
import { getVocabulary, type Vocabulary } from '../../api/vocabulary.ts';
import { filter as english } from '../../words/en/filter.ts';
import { textsOf } from '../../words/texts.ts';
import type { Completion } from './completion.ts';
import type { Writing } from './writing.ts';

const words = textsOf('filter', english);
const MOST = 12;

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

/** Undefined for a text that is no field. */
const kindOfField = (name: string): string | undefined =>
  kindOf(name) ?? (/^\w+(\.(\w+|\*))+$/.test(name) || /^(?:preset|job|jobState)$/.test(name) ? 'path' : undefined);

const timesOf = ({ from, to, field, begun }: Writing): Completion[] =>
  ['now - 1h', 'now - 1d', 'now - 7d', 'now - 30d']
    .filter(text => text.startsWith(begun))
    .map(text => ({ group: words().valuesOf(field, false), text, from, to, insert: `${text} ` }));

/** @returns in the order in which they are shown @throws Problem, AbortError */
export async function completionsFor(writing: Writing, stop: AbortSignal): Promise<readonly Completion[]> {
  if (writing.kind === 'join') return joinsOf(writing);
  if (writing.kind === 'test') return testsOf(writing);
  const kind = writing.kind === 'value' ? kindOfField(writing.field) : undefined;
  if (kind === 'time' || kind === 'faultTime') return timesOf(writing);
  // A field that is none has no values.
  if (writing.kind === 'value' && kind === undefined) return [];
  const { prefix, filter } = writing;
  const answer = await getVocabulary({ prefix, ...(filter === undefined ? {} : { filter }) }, stop);
  return writing.kind === 'value' ? valuesOf(writing, answer) : fieldsOf(writing, answer);
}
