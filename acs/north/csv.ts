// CSV (RFC 4180): a header line, quoted fields, doubled quotes.
import { UserError } from '../errors.ts';

/** @returns each record by its header names, with the line it began on. @throws UserError 400 */
export function parseCsv(input: string): { line: number; row: Record<string, string> }[] {
  const records = recordsOf(input.replace(/^\uFEFF/, ''));
  const header = records.shift();
  if (!header?.fields.some(field => field.trim())) throw new UserError(400, 'empty-csv', 'the CSV has no header line');
  const names = header.fields.map(name => name.trim());
  return records
    .filter(record => record.fields.some(field => field !== ''))
    .map(({ line, fields }) => {
      if (fields.length > names.length)
        throw new UserError(
          400,
          'bad-csv',
          `line ${line} has ${fields.length} fields, but the header has ${names.length}`,
        );
      return { line, row: Object.fromEntries(names.map((name, index) => [name, (fields[index] ?? '').trim()])) };
    });
}

function recordsOf(input: string): { line: number; fields: string[] }[] {
  const records: { line: number; fields: string[] }[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let fields: string[] = [];
  let line = 1;
  let began = 1;
  while (pattern.lastIndex <= input.length) {
    const found = pattern.exec(input);
    if (!found)
      throw new UserError(400, 'bad-csv', `line ${line}: an unclosed quote, or a quote inside an unquoted field`);
    fields.push(found[1] === undefined ? (found[2] ?? '') : found[1].replaceAll('""', '"'));
    line += (found[0].match(/\n/g) ?? []).length;
    if (found[3] === ',') continue;
    records.push({ line: began, fields });
    fields = [];
    began = line;
    if (found[3] === '') break;
  }
  return records;
}
