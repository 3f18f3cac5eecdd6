// CSV (RFC 4180): a header line, quoted fields, doubled quotes; separated by commas, semicolons or tabs, as the header is.
import { UserError } from '../errors.ts';

/** Characters of one record. */
const MAX_RECORD = 65_536;
const MAX_COLUMNS = 1000;

export interface CsvRecord {
  /** The line on which it begins. */
  line: number;
  row: Record<string, string>;
}

const bad = (message: string): UserError => new UserError(400, 'bad-csv', message);

/** @returns each record by its header names, with the line it began on. @throws UserError 400 */
export const parseCsv = (input: string): CsvRecord[] => [...csvRecords(input).records];

/**
 * The columns of a CSV, and its records, which are read as they are taken.
 * @throws UserError 400; the records throw it for a line that cannot be read
 */
export function csvRecords(input: string): { columns: string[]; records: Iterable<CsvRecord> } {
  const text = input.startsWith('\ufeff') ? input.slice(1) : input;
  const scan = new CsvScan(text, separatorOf(text));
  const header = scan.next();
  if (!header?.fields.some(field => field.trim())) throw new UserError(400, 'empty-csv', 'the CSV has no header line');
  const columns = header.fields.map(name => name.trim());
  if (columns.length > MAX_COLUMNS) throw bad(`the header has more than ${MAX_COLUMNS} columns`);
  const twice = columns.find((name, at) => name !== '' && columns.indexOf(name) !== at);
  if (twice !== undefined) throw bad(`column '${twice.slice(0, 100)}' is in the header twice`);
  return { columns, records: rowsOf(scan, columns) };
}

function* rowsOf(scan: CsvScan, columns: readonly string[]): Generator<CsvRecord> {
  for (let record = scan.next(); record; record = scan.next()) {
    const { line, fields } = record;
    if (fields.every(field => field === '')) continue;
    if (fields.length > columns.length)
      throw bad(`line ${line} has ${fields.length} fields, but the header has ${columns.length}`);
    yield { line, row: Object.fromEntries(columns.map((name, at) => [name, (fields[at] ?? '').trim()])) };
  }
}

/** The separator that the header has most of, outside of quotes; a comma where it has none. */
function separatorOf(text: string): string {
  const counts = new Map([',', ';', '\t'].map(char => [char, 0]));
  let isQuoted = false;
  for (let at = 0; at < Math.min(text.length, MAX_RECORD); at++) {
    const char = text[at]!;
    if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && char === '\n') break;
    else if (!isQuoted && counts.has(char)) counts.set(char, (counts.get(char) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]![0];
}

/** Reads one record after the other. */
class CsvScan {
  readonly #text: string;
  readonly #separator: string;
  #at = 0;
  #line = 1;

  constructor(text: string, separator: string) {
    this.#text = text;
    this.#separator = separator;
  }

  /** @returns undefined at the end @throws UserError 400 that names the line */
  next(): { line: number; fields: string[] } | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const line = this.#line;
    const end = this.#at + MAX_RECORD;
    const fields: string[] = [];
    for (;;) {
      fields.push(this.#text[this.#at] === '"' ? this.#quoted(line, end) : this.#plain(line, end));
      const char = this.#text[this.#at];
      if (char === '\r') this.#at++;
      this.#at++;
      if (char === this.#separator) continue;
      this.#line++;
      return { line, fields };
    }
  }

  /** A field up to its separator or the end of its line, which is next. */
  #plain(line: number, end: number): string {
    const from = this.#at;
    for (; this.#at < this.#text.length && !this.#isOver(); this.#at++) {
      const char = this.#text[this.#at];
      if (char === '"' || char === '\r') throw unreadable(line);
      if (this.#at > end) throw tooLong(line);
    }
    return this.#text.slice(from, this.#at);
  }

  #quoted(line: number, end: number): string {
    const from = ++this.#at;
    for (;;) {
      const quote = this.#text.indexOf('"', this.#at);
      if (quote < 0) throw unreadable(line);
      if (quote > end) throw tooLong(line);
      this.#at = quote + 1;
      if (this.#text[this.#at] !== '"') break;
      this.#at++;
    }
    if (this.#at < this.#text.length && !this.#isOver()) throw unreadable(line);
    const text = this.#text.slice(from, this.#at - 1);
    this.#line += text.split('\n').length - 1;
    return text.replaceAll('""', '"');
  }

  #isOver(): boolean {
    const char = this.#text[this.#at];
    return char === this.#separator || char === '\n' || (char === '\r' && this.#text[this.#at + 1] === '\n');
  }
}

const unreadable = (line: number): UserError =>
  bad(`line ${line}: an unclosed quote, or a quote inside an unquoted field`);
const tooLong = (line: number): UserError => bad(`line ${line}: longer than ${MAX_RECORD} characters`);
