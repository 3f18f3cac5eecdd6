// Devices out of CSV: the columns, and what each of them changes.
import { UserError } from '../../errors.ts';
import type { DeviceInput } from '../../fleet/devices/device-input.ts';
import { readCsv } from '../csv.ts';
import type { ReadAgain } from './kept-text.ts';

export const CSV_COLUMNS =
  'id, username, password, tags (separated by blanks; each with + or - adds or removes), site.NAME';

/** A device of a request, with its line, or its place in a list, from 1. */
export interface DeviceLine {
  line: number;
  /** @throws UserError 400 for a line that makes no sense */
  device(): { id: string } & DeviceInput;
}

/** The devices of a CSV, read as they are taken. @throws UserError 400 that names the line */
export async function* deviceLines(csv: ReadAgain): AsyncGenerator<DeviceLine> {
  const { columns, records } = await readCsv(csv.text());
  checkColumns(columns);
  for await (const { line, row } of records) yield { line, device: () => deviceOfRow(row) };
}

/** @throws UserError 400 */
function checkColumns(names: readonly string[]): void {
  const stray = names.find(name => !/^(id|username|password|tags|site\..+)$/.test(name));
  if (stray !== undefined)
    throw new UserError(400, 'bad-csv', `unknown column '${stray.slice(0, 100)}' (known: ${CSV_COLUMNS})`);
}

/** @throws UserError 400 */
function deviceOfRow(row: Record<string, string>): { id: string } & DeviceInput {
  const { id, username = '', password = '', tags, ...rest } = row;
  if (!id) throw new UserError(400, 'id-missing', 'the device id is missing');
  if (!username !== !password)
    throw new UserError(400, 'half-credentials', 'username and password must be given together');
  const site = Object.entries(rest).flatMap(([name, value]) => (value ? [[name.slice(5), value]] : []));
  return {
    id,
    ...(username ? { credentials: { username, password } } : {}),
    ...(tags ? { tags: tagsOf(tags) } : {}),
    ...(site.length ? { site: Object.fromEntries(site) } : {}),
  };
}

/** All tags, or those to add and to remove. @throws UserError 400 for a mixture */
function tagsOf(text: string): NonNullable<DeviceInput['tags']> {
  const words = text.split(/\s+/);
  const change = { add: signed(words, '+'), remove: signed(words, '-') };
  const count = change.add.length + change.remove.length;
  if (count === 0) return words;
  if (count === words.length) return change;
  throw new UserError(400, 'bad-csv', 'tags: either all words have + or - in front, or none has');
}

const signed = (words: readonly string[], sign: string): string[] =>
  words.filter(word => word.startsWith(sign)).map(word => word.slice(1));
