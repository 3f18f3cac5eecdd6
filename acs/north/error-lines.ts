// Lines for the marks of an editor: where in the JSON text of a request its error is.
import { jsonPlaces, pathOf, positionAt, type TextPosition } from '../../shared/json/places.ts';
import type { UserError } from '../errors.ts';
import { rowPlace } from '../fleet/presets/compiled-preset.ts';

export interface ErrorLine extends TextPosition {
  message: string;
}

/** Longer texts get no lines: each place in them is looked at in one go. */
const MAX_TEXT = 128 * 1024;
/** Deeper places are named by no error. */
const MAX_DEPTH = 8;

type Path = readonly (string | number)[];

/** The texts by which errors name a place. */
function namesOf(path: Path): string[] {
  const names = [['body', ...path].join('.'), path.join(': ')];
  const [field, table, rows, row, column] = path;
  if (field === 'objects' && rows === 'rows' && typeof row === 'number')
    names.push(rowPlace(String(table), row, column === undefined ? undefined : String(column)));
  return names;
}

const isNamed = (message: string, name: string): boolean =>
  message.startsWith(name) && !/^[\w.-]/.test(message.slice(name.length));

/** The error with the lines that it is about. @param text the body of the request */
export function withLines(error: UserError, text: string): UserError {
  if (error.status !== 400 || text.length > MAX_TEXT) return error;
  const offset = offsetOf(error, text);
  if (offset === undefined) return error;
  const line: ErrorLine = { ...positionAt(text, offset), message: error.message };
  return error.with({ lines: [line] });
}

function offsetOf({ code, message, detail }: UserError, text: string): number | undefined {
  const { places, wrongAt } = jsonPlaces(text);
  if (code === 'bad-json') return wrongAt;
  let best: { at: number; length: number } | undefined;
  for (const place of places)
    for (const name of place.depth <= MAX_DEPTH ? namesOf(pathOf(place)) : [])
      if (isNamed(message, name) && name.length > (best?.length ?? 0)) best = { at: place.at, length: name.length };
  if (best === undefined) return undefined;
  // A filter names its own column; within a string of JSON that is the place unless characters are escaped before it.
  return best.at + (typeof detail.column === 'number' && text[best.at] === '"' ? detail.column : 0);
}
