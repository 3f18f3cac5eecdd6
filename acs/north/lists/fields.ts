// The fields of an entry that are asked for by `fields=`: names separated by commas, with dots for what lies within.
import { UserError } from '../../errors.ts';

const MAX_FIELDS = 100;
const MAX_NAME = 256;

/** @param isField judges a name @throws UserError 400 `bad-field` that names the first unknown one */
export function fieldsOf(text: string, isField: (name: string) => boolean): string[] {
  const names = [...new Set(text.split(',').map(name => name.trim()))].filter(name => name !== '');
  if (names.length === 0) throw new UserError(400, 'bad-field', 'query.fields: names no field');
  if (names.length > MAX_FIELDS)
    throw new UserError(400, 'bad-field', `query.fields: has ${names.length} names, at most ${MAX_FIELDS} are allowed`);
  const stray = names.find(name => name.length > MAX_NAME || !isField(name));
  if (stray !== undefined)
    throw new UserError(400, 'bad-field', `query.fields: no field '${stray.slice(0, MAX_NAME)}'`);
  return names;
}

/** Judges names by their first part. @param known the fields of an entry */
export function isFieldOf(known: readonly string[]): (name: string) => boolean {
  const names = new Set(known);
  return name => names.has(name.split('.', 1)[0] ?? '') && !/\.(\.|$)/.test(name);
}

/** The value of a field: that of its whole name, else part by part; in a list, that of each entry. */
export function pick(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map(entry => pick(entry, name)).filter(entry => entry !== undefined);
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, name)) return (value as Record<string, unknown>)[name];
  // A name within may have dots itself, as that of a parameter.
  for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
    const part = name.slice(0, dot);
    if (Object.hasOwn(value, part)) return pick((value as Record<string, unknown>)[part], name.slice(dot + 1));
  }
  return undefined;
}

/** The value as a cell of a table: a list of texts as words. */
export const cellOf = (value: unknown): unknown =>
  Array.isArray(value) && value.every(entry => typeof entry !== 'object') ? value.join(' ') : value;
