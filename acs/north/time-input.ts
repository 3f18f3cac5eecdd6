// Times in requests.
import { UserError } from '../errors.ts';
import { isoTime } from '../query/compare.ts';

/** @param place names the text in errors @returns milliseconds; undefined for none @throws UserError 400 `bad-time` */
export function timeAt(place: string, text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const at = isoTime(String(text));
  if (at === undefined)
    throw new UserError(400, 'bad-time', `${place}: '${text}' is not a time such as 2026-01-31T12:00:00Z`);
  return at;
}
