// A preset as a document: its text, its single settings, and what differs between two documents.
import type { Document } from '../../api/presets.ts';
import type { JsonPath } from '../../components/code/json-walk.ts';

/** A setting of a preset: a field, an entry of `set` or of `acsMove`, or a table. */
export interface Setting {
  path: JsonPath;
  value: unknown;
}

export interface Change {
  path: JsonPath;
  /** Undefined where the setting is not there. */
  from: unknown;
  to: unknown;
}

/** Fields whose entries are settings of their own. */
const parted: readonly string[] = ['set', 'objects', 'acsMove'];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The text of a stored preset, whose name is not part of what is written. */
export function textOf({ name: _name, ...fields }: Document): string {
  return `${JSON.stringify(fields, null, 2)}\n`;
}

/** Undefined for a text that is no JSON object. */
export function documentOf(text: string): Document | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export const keyOf = (path: JsonPath): string => JSON.stringify(path);

export function settingsOf(document: Document): Map<string, Setting> {
  const settings: Setting[] = Object.entries(document).flatMap(([field, value]) =>
    parted.includes(field) && isRecord(value)
      ? Object.entries(value).map(([name, entry]) => ({ path: [field, name], value: entry }))
      : [{ path: [field], value }],
  );
  return new Map(settings.map(setting => [keyOf(setting.path), setting]));
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

export function changesBetween(before: Document, after: Document): Change[] {
  const [old, next] = [settingsOf(before), settingsOf(after)];
  return [...new Set([...old.keys(), ...next.keys()])].flatMap(key => {
    const [from, to] = [old.get(key), next.get(key)];
    if (isSame(from?.value, to?.value)) return [];
    return [{ path: (from ?? to)?.path ?? [], from: from?.value, to: to?.value }];
  });
}

/** The document with a setting in another value; undefined takes it out. */
export function withSetting(document: Document, [field = '', name]: JsonPath, value: unknown): Document {
  if (name === undefined) return withField(document, field, value);
  const within = document[field];
  return withField(document, field, withField(isRecord(within) ? within : {}, name, value));
}

function withField(record: Document, name: string, value: unknown): Document {
  if (value !== undefined) return { ...record, [name]: value };
  const { [name]: _gone, ...rest } = record;
  return rest;
}

/** A parameter by its path alone, any other setting by its field. */
export const labelOf = ([field = '', name]: JsonPath): string =>
  name === undefined ? field : field === 'set' ? name : `${field} ${name}`;

/** The value in one line. */
export function shownValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (isRecord(value) && 'value' in value) return String(value.value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A field as text; '' for none and for what is no text. */
export const textIn = (document: Document | undefined, field: string): string => {
  const value = document?.[field];
  return typeof value === 'string' ? value : '';
};

/** A field as a record; empty for none and for what is no record. */
export const recordIn = (document: Document, field: string): Record<string, unknown> => {
  const value = document[field];
  return isRecord(value) ? value : {};
};
