// Texts and plain data on their way into any store: what is refused before it is kept, the same whatever keeps it.
import { UserError } from '../../shared/errors.ts';
import type { DocumentKind } from './records.ts';

const nulInText = (): UserError => new UserError(400, 'nul-in-text', 'a text must not contain a NUL character');

/** SQLite cuts a text at a NUL when it is read back: refused before it is stored. */
export function checkedText(text: string): string {
  if (text.includes('\0')) throw nulInText();
  return text;
}

const escapedNul = /(?<!\\)(?:\\\\)*\\u0000/;

/** JSON that is text already: a NUL in it stands escaped. @throws UserError 400 `nul-in-text` */
export function checkedJson(text: string): string {
  if (text.includes('\\u0000') && escapedNul.test(text)) throw nulInText();
  return text;
}

/** Plain data as JSON text. @throws UserError 400 `nul-in-text` for a NUL anywhere in it */
export const jsonOf = (value: unknown): string => checkedJson(JSON.stringify(value ?? null));

export const changedMeanwhile = (kind: DocumentKind, name: string): UserError =>
  new UserError(409, 'changed-meanwhile', `${kind} '${name}' was changed by someone else meanwhile`);

export const noSuchDevice = (id: string): UserError => new UserError(404, 'no-such-device', `there is no device ${id}`);
