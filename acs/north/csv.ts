// CSV (RFC 4180): a header line, quoted fields, doubled quotes; separated by commas, semicolons or tabs, as the header is.
import { Turns } from '../../shared/turns.ts';
import { UserError } from '../errors.ts';

/** Characters of one record. */
const MAX_RECORD = 65_536;
const MAX_COLUMNS = 1000;
/** Characters that hold any record, with what follows it. */
const WINDOW = MAX_RECORD + 16;

export interface CsvRecord {
  /** The line on which it begins. */
  line: number;
  row: Record<string, string>;
}

const bad = (message: string): UserError => new UserError(400, 'bad-csv', message);

/** A copy of a text out of a record that is kept for long: the text itself keeps the part that it lies in. */
export const ownText = (text: string): string => Buffer.from(text).toString();

/** The columns of a CSV, and its records, which are read as they are taken. */
export interface Csv {
  columns: string[];
  records: AsyncIterable<CsvRecord>;
}

/** Records that are read without a break. */
const PORTION = 500;

/** @param parts of the text, as they come @throws UserError 400; the records throw it for a line that cannot be read */
export async function readCsv(parts: AsyncIterable<string> | Iterable<string>): Promise<Csv> {
  const scan = await CsvScan.begin(parts);
  const header = await scan.next();
  if (!header?.fields.some(field => field.trim())) throw new UserError(400, 'empty-csv', 'the CSV has no header line');
  const columns = header.fields.map(name => name.trim());
  if (columns.length > MAX_COLUMNS) throw bad(`the header has more than ${MAX_COLUMNS} columns`);
  const twice = columns.find((name, at) => name !== '' && columns.indexOf(name) !== at);
  if (twice !== undefined) throw bad(`column '${twice.slice(0, 100)}' is in the header twice`);
  return { columns, records: rowsOf(scan, columns) };
}

async function* rowsOf(scan: CsvScan, columns: readonly string[]): AsyncGenerator<CsvRecord> {
  const turns = new Turns(PORTION);
  for (let record = await scan.next(); record; record = await scan.next()) {
    await turns.spent(1);
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

/** A text in parts, of which only as much is in memory as the longest record may have. */
class TextWindow {
  readonly #parts: AsyncIterator<string> | Iterator<string>;
  text = '';
  at = 0;
  /** The text has no more parts. */
  isWhole = false;

  constructor(parts: AsyncIterable<string> | Iterable<string>) {
    this.#parts = Symbol.asyncIterator in parts ? parts[Symbol.asyncIterator]() : parts[Symbol.iterator]();
  }

  /** Takes parts until the next record must be in the text. */
  async fill(): Promise<void> {
    const kept: string[] = [];
    for (let length = this.text.length - this.at; !this.isWhole && length < WINDOW; ) {
      const { done, value } = await this.#parts.next();
      this.isWhole = done === true;
      if (done) break;
      kept.push(value);
      length += value.length;
    }
    if (kept.length === 0) return;
    this.text = this.text.slice(this.at) + kept.join('');
    this.at = 0;
  }
}

/** Reads one record after the other. */
class CsvScan {
  readonly #window: TextWindow;
  readonly #separator: string;
  #line = 1;

  private constructor(window: TextWindow, separator: string) {
    this.#window = window;
    this.#separator = separator;
  }

  static async begin(parts: AsyncIterable<string> | Iterable<string>): Promise<CsvScan> {
    const window = new TextWindow(parts);
    await window.fill();
    if (window.text.startsWith('\ufeff')) window.at = 1;
    return new CsvScan(window, separatorOf(window.text.slice(window.at)));
  }

  /** @returns undefined at the end @throws UserError 400 that names the line */
  async next(): Promise<{ line: number; fields: string[] } | undefined> {
    const window = this.#window;
    if (!window.isWhole && window.text.length - window.at < WINDOW) await window.fill();
    return this.#record();
  }

  #record(): { line: number; fields: string[] } | undefined {
    if (this.#window.at >= this.#window.text.length) return undefined;
    const line = this.#line;
    const end = this.#window.at + MAX_RECORD;
    const fields: string[] = [];
    for (;;) {
      fields.push(this.#window.text[this.#window.at] === '"' ? this.#quoted(line, end) : this.#plain(line, end));
      const char = this.#window.text[this.#window.at];
      if (char === '\r') this.#window.at++;
      this.#window.at++;
      if (char === this.#separator) continue;
      this.#line++;
      return { line, fields };
    }
  }

  /** A field up to its separator or the end of its line, which is next. */
  #plain(line: number, end: number): string {
    const from = this.#window.at;
    for (; this.#window.at < this.#window.text.length && !this.#isOver(); this.#window.at++) {
      const char = this.#window.text[this.#window.at];
      if (char === '"' || char === '\r') throw unreadable(line);
      if (this.#window.at > end) throw tooLong(line);
    }
    return this.#window.text.slice(from, this.#window.at);
  }

  #quoted(line: number, end: number): string {
    const from = ++this.#window.at;
    for (;;) {
      const quote = this.#window.text.indexOf('"', this.#window.at);
      if (quote < 0) throw this.#window.isWhole ? unreadable(line) : tooLong(line);
      if (quote > end) throw tooLong(line);
      this.#window.at = quote + 1;
      if (this.#window.text[this.#window.at] !== '"') break;
      this.#window.at++;
    }
    if (this.#window.at < this.#window.text.length && !this.#isOver()) throw unreadable(line);
    const text = this.#window.text.slice(from, this.#window.at - 1);
    this.#line += text.split('\n').length - 1;
    return text.replaceAll('""', '"');
  }

  #isOver(): boolean {
    const char = this.#window.text[this.#window.at];
    return (
      char === this.#separator || char === '\n' || (char === '\r' && this.#window.text[this.#window.at + 1] === '\n')
    );
  }
}

const unreadable = (line: number): UserError =>
  bad(`line ${line}: an unclosed quote, or a quote inside an unquoted field`);
const tooLong = (line: number): UserError => bad(`line ${line}: longer than ${MAX_RECORD} characters`);
