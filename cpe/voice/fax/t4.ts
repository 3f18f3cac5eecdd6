// Pages of fax in one-dimensional coding (ITU-T T.4 4.1, Modified Huffman): rows of 1728 pixels to code words and back.
import { blackCodes, LONGEST_STEP, type RunCodes, whiteCodes } from './run-lengths.ts';

/** Pixels of a row of 215 mm. */
export const ROW_PIXELS = 1728;
export const ROW_BYTES = ROW_PIXELS / 8;

/** A page: its rows from the top, each of ROW_BYTES; the highest bit is the leftmost pixel, 1 is black. */
export interface FaxPage {
  readonly rows: readonly Buffer[];
}

/** Rows beyond this end a page: about a metre of paper at the fine resolution. */
const MOST_ROWS = 8000;
const END_OF_LINE = '000000000001';
/** T.4 4.1.4: six of them end a page. */
const RETURN = 6;

const isBlack = (row: Buffer, pixel: number): boolean => ((row[pixel >> 3] ?? 0) & (0x80 >> (pixel & 7))) !== 0;

function codeOfRun(length: number, codes: RunCodes): string {
  let left = length;
  let words = '';
  while (left >= 64) {
    const step = Math.min(LONGEST_STEP, left - (left % 64));
    words += codes.steps[step / 64 - 1] ?? '';
    left -= step;
  }
  return words + (codes.ends[left] ?? '');
}

function encodeRow(row: Buffer): string {
  let words = '';
  let black = false;
  for (let at = 0; at < ROW_PIXELS; ) {
    const start = at;
    while (at < ROW_PIXELS && isBlack(row, at) === black) at++;
    words += codeOfRun(at - start, black ? blackCodes : whiteCodes);
    black = !black;
  }
  return words;
}

/** The page as it goes over the line, the highest bit of each byte first. */
export function encodePage({ rows }: FaxPage): Buffer {
  const bits = rows.map(row => END_OF_LINE + encodeRow(row)).join('') + END_OF_LINE.repeat(RETURN);
  const out = Buffer.alloc(Math.ceil(bits.length / 8));
  for (let i = 0; i < bits.length; i++) if (bits[i] === '1') out[i >> 3] = (out[i >> 3] ?? 0) | (0x80 >> (i & 7));
  return out;
}

/** Bits of a byte string, with what ends a line. */
class BitReader {
  readonly #bytes: Buffer;
  #at = 0;
  /** Zeros in sequence before the current place. */
  #zeros = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Undefined at the end. */
  bit(): 0 | 1 | undefined {
    const byte = this.#bytes[this.#at >> 3];
    if (byte === undefined) return undefined;
    const bit = byte & (0x80 >> (this.#at++ & 7)) ? 1 : 0;
    this.#zeros = bit === 0 ? this.#zeros + 1 : 0;
    return bit;
  }

  /** More zeros than a code word can have: an end of line begins, or fill before it. */
  get inEndOfLine(): boolean {
    return this.#zeros >= END_OF_LINE.length - 1;
  }

  /** Steps behind the next end of line; false where there is none. */
  skipLine(): boolean {
    for (;;) {
      const ends = this.inEndOfLine;
      const bit = this.bit();
      if (bit === undefined) return false;
      if (ends && bit === 1) return true;
    }
  }
}

/** One run; undefined where no code word stands. */
function readRun(bits: BitReader, codes: RunCodes): number | undefined {
  let total = 0;
  for (;;) {
    let word = '';
    let run: number | undefined;
    while (run === undefined) {
      const bit = bits.bit();
      if (bit === undefined || bits.inEndOfLine || word.length > 13) return undefined;
      word += bit;
      run = codes.runs.get(word);
    }
    total += run;
    if (run < 64 || total > ROW_PIXELS) return total;
  }
}

/** Blackens the pixels of a row from `from` to before `to`. */
export function setBlack(row: Buffer, from: number, to: number): void {
  for (let at = from; at < to; at++) row[at >> 3] = (row[at >> 3] ?? 0) | (0x80 >> (at & 7));
}

/** A row; undefined where it is damaged. `empty` where an end of line follows at once. */
function readRow(bits: BitReader): Buffer | 'empty' | undefined {
  const row = Buffer.alloc(ROW_BYTES);
  let black = false;
  for (let at = 0; at < ROW_PIXELS; black = !black) {
    const run = readRun(bits, black ? blackCodes : whiteCodes);
    if (run === undefined) return at === 0 && !black && bits.inEndOfLine ? 'empty' : undefined;
    if (at + run > ROW_PIXELS) return undefined;
    if (black) setBlack(row, at, at + run);
    at += run;
  }
  return row;
}

/** Reads a page as it came over the line. A damaged row repeats the one above it (T.4 leaves that to the terminal) and is counted. */
export function decodePage(bytes: Buffer): FaxPage & { damaged: number } {
  const bits = new BitReader(bytes);
  const rows: Buffer[] = [];
  let damaged = 0;
  let ends = 0;
  while (rows.length < MOST_ROWS && ends < 2 && bits.skipLine()) {
    const row = readRow(bits);
    if (row === 'empty') ends++;
    else {
      ends = 0;
      if (!row) damaged++;
      rows.push(row ?? rows.at(-1) ?? Buffer.alloc(ROW_BYTES));
    }
  }
  return { rows, damaged };
}
