// Completions at a place of a preset: its fields, parameters and values of the devices that fit, and words of filters.
import { quotedText } from '../../../../query/quote.ts';
import { findInModel, type ModelItem } from '../../../api/models.ts';
import { getVocabulary } from '../../../api/vocabulary.ts';
import type { Completion } from '../../../components/code/completions.tsx';
import { type Context, contextAt, type Walk } from '../../../components/code/json-walk.ts';

/** Fields of a preset, each with the begin of its value. */
export const fields = {
  when: '""',
  weight: '0',
  set: '{}',
  objects: '{}',
  firmware: '""',
  script: '""',
  certificates: '[]',
  restart: '"idle"',
  drift: '"correct"',
  audit: '"24h"',
  acsMove: '{}',
} as const;
export type FieldName = keyof typeof fields;

const choices: Readonly<Record<string, readonly string[]>> = {
  restart: ['now', 'idle', 'never'],
  drift: ['correct', 'report'],
  audit: ['30m', '24h', '7d'],
  returnAfter: ['30m', '2h', '24h'],
};
const MOST = 12;

export interface Around {
  walk: Walk;
  text: string;
  /** The filter of the preset. */
  when: string;
  /** A device that it fits, whose model is asked. */
  example: string | undefined;
  names: Readonly<Record<FieldName, string>>;
  notes: { readOnly: string };
}

export async function completionsAt(around: Around, offset: number, signal: AbortSignal): Promise<Completion[]> {
  const context = contextAt(around.walk, around.text, offset);
  if (!context) return [];
  const [field, name] = context.path;
  if (context.role === 'name') {
    if (field === undefined) return fieldNames(context, around);
    return field === 'set' ? await parameters(context, around, signal) : [];
  }
  if (field === 'when') return await filterWords(context, signal);
  if (field === 'set' && name !== undefined) return await values(context, name, around, signal);
  return plain(context, choices[name ?? field ?? ''] ?? []);
}

const has = (text: string, begin: string): boolean => text.toLowerCase().includes(begin.toLowerCase());

function fieldNames({ begin, from, to }: Context, { names, text }: Around): Completion[] {
  const rest = /^\s*:/.test(text.slice(to));
  return Object.entries(fields)
    .filter(([field]) => has(field, begin))
    .map(([field, value]) => ({
      ...{ label: field, note: names[field as FieldName], from, to, mark: begin },
      insert: `"${field}"${rest ? '' : `: ${value}`}`,
    }));
}

const plain = ({ begin, from, to }: Context, texts: readonly string[]): Completion[] =>
  texts
    .filter(text => has(text, begin))
    .map(text => ({ label: text, insert: JSON.stringify(text), from, to, mark: begin }));

const noteOf = ({ writable, type, enum: values }: ModelItem, { readOnly }: Around['notes']): string =>
  writable === false ? readOnly : values ? values.slice(0, 4).join(', ') : (type ?? '').replace('xsd:', '');

async function parameters(
  { begin, from, to }: Context,
  { example, when, text, notes }: Around,
  signal: AbortSignal,
): Promise<Completion[]> {
  const rest = /^\s*:/.test(text.slice(to)) ? '' : ': ';
  // A path of one device shows any row as {i}: the first one is as good as any.
  const made = (path: string, note: string): Completion => {
    const label = path.replaceAll('{i}', '1');
    return { label, note, insert: `${JSON.stringify(label)}${rest}`, from, to, mark: begin };
  };
  if (example === undefined) {
    const { paths } = await getVocabulary(
      { prefix: begin || 'Device.', filter: when || undefined, limit: MOST },
      signal,
    );
    return paths.map(({ path, type = '' }) => made(path, type.replace('xsd:', '')));
  }
  const { items } = await findInModel(example, { find: begin.replace(/\.\d+\./g, '.{i}.'), limit: MOST * 4 }, signal);
  return items
    .filter(({ path, type }) => !path.endsWith('.') && type !== 'object')
    .slice(0, MOST)
    .map(item => made(item.path, noteOf(item, notes)));
}

async function values(context: Context, path: string, { example }: Around, signal: AbortSignal): Promise<Completion[]> {
  if (example === undefined) return [];
  const { items } = await findInModel(example, { path, limit: 1 }, signal);
  const [item] = items;
  const texts = item?.enum ?? (item?.type === 'xsd:boolean' ? ['true', 'false'] : []);
  return plain(context, item?.factory === undefined ? texts : [...new Set([...texts, item.factory])]);
}

/** Where the part of a filter begins that is being written: after the last word that joins two parts. */
const partAt = (filter: string): number =>
  [...filter.matchAll(/\b(?:and|or|not)\s/gi)].reduce(
    (last, { 0: word, index }) => Math.max(last, index + word.length),
    0,
  );

async function filterWords({ begin, from, to }: Context, signal: AbortSignal): Promise<Completion[]> {
  const part = begin.slice(partAt(begin)).replace(/^[\s(]+/, '');
  const { fields: names, values: known, field } = await getVocabulary({ prefix: part, limit: MOST }, signal);
  const made = (label: string, written: string, note: string, mark: string): Completion => {
    const kept = begin.slice(0, begin.length - part.length);
    return { label, note, insert: JSON.stringify(kept + written), from, to, mark };
  };
  if (field === undefined) return names.map(({ name, type }) => made(name, `${name} `, type, part));
  const operator = part.slice(0, part.search(/["']|$/)).trimEnd();
  const written = part.slice(part.search(/["']|$/)).replace(/^["']/, '');
  return known.map(({ value, count }) => made(value, `${operator} ${quotedText(value)}`, String(count), written));
}
