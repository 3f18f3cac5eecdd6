// Checks of texts and plain data before they are stored, the same for every store, and the errors that stores share.
import { UserError } from '../errors.ts';
import type { DocumentKind } from './records.ts';

const nulInText = (): UserError => new UserError(400, 'nul-in-text', 'a text must not contain a NUL character');

/** The text itself. SQLite would cut it at a NUL when it is read back. @throws UserError 400 `nul-in-text` */
export function checkedText(text: string): string {
  if (text.includes('\0')) throw nulInText();
  return text;
}

const escapedNul = /(?<!\\)(?:\\\\)*\\u0000/;

/** The JSON text itself, in which a NUL is escaped. @throws UserError 400 `nul-in-text` */
export function checkedJson(text: string): string {
  if (text.includes('\\u0000') && escapedNul.test(text)) throw nulInText();
  return text;
}

/** Plain data as JSON text. @throws UserError 400 `nul-in-text` for a NUL anywhere in it */
export const jsonOf = (value: unknown): string => checkedJson(JSON.stringify(value ?? null));

export const changedMeanwhile = (kind: DocumentKind, name: string): UserError =>
  new UserError(409, 'changed-meanwhile', `${kind} '${name}' was changed by another request meanwhile`);

export const auditMoved = (): UserError =>
  new UserError(409, 'changed-meanwhile', 'another process has appended to the audit meanwhile');

export const noSuchDevice = (id: string): UserError => new UserError(404, 'no-such-device', `there is no device ${id}`);
