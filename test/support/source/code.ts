// TypeScript without what is no code: comments, strings, templates and regular expressions become blanks, every line keeps its place.

/** A `/` after these begins a regular expression. */
const beforeRegExp = /(?:^|[=(,:;!&|?{}[+\-*%<>~^]|\b(?:return|typeof|case|in|of|delete|void|throw|await|yield))\s*$/;

export interface Comment {
  /** From 1. */
  line: number;
  /** Without its marks. */
  text: string;
}

export interface Code {
  /** As long as the source, with blanks in place of all that is no code. */
  code: string;
  comments: Comment[];
  regExps: Literal[];
}

/** A regular expression as it is written, with its slashes and flags. */
export interface Literal {
  /** From 1. */
  line: number;
  text: string;
}

export function codeOf(source: string): Code {
  return new Scanner().scan(source);
}

/** The code that has been read so far, line by line with the source. */
class Output {
  readonly #parts: string[] = [];
  line = 1;
  /** Its end, shortened to what decides the meaning of a slash. */
  before = '';

  add(char: string): void {
    this.#parts.push(char);
    this.before = (this.before + char).slice(-24);
    if (char === '\n') this.line++;
  }

  addBlanks(text: string): void {
    this.#parts.push(text.replace(/[^\n]/g, ' '));
    this.line += text.split('\n').length - 1;
  }

  text(): string {
    return this.#parts.join('');
  }
}

class Scanner {
  #source = '';
  readonly #output = new Output();
  readonly #comments: Comment[] = [];
  readonly #regExps: Literal[] = [];
  #at = 0;

  scan(source: string): Code {
    this.#source = source;
    while (this.#at < this.#source.length) this.#step();
    return { code: this.#output.text(), comments: this.#comments, regExps: this.#regExps };
  }

  #step(): void {
    const { [this.#at]: char = '', [this.#at + 1]: next = '' } = this.#source;
    if (char === '#' && next === '!' && this.#at === 0) this.#skip(untilMark(this.#source, '\n', this.#at));
    else if (char === '/' && next === '/') this.#comment(untilMark(this.#source, '\n', this.#at));
    else if (char === '/' && next === '*') this.#comment(untilMark(this.#source, '*/', this.#at + 2) + 2);
    else if (char === "'" || char === '"') this.#text(quoteEnd(this.#source, char, this.#at));
    else if (char === '`') this.#template();
    else if (char === '/' && beginsRegExp(this.#output.before, next)) this.#literal(regExpEnd(this.#source, this.#at));
    else this.#take(char);
  }

  #take(char: string): void {
    this.#output.add(char);
    this.#at++;
  }

  /** Replaces all up to `end` by blanks. */
  #skip(end: number): string {
    const text = this.#source.slice(this.#at, end);
    this.#output.addBlanks(text);
    this.#at = end;
    return text;
  }

  #comment(end: number): void {
    const { line } = this.#output;
    this.#comments.push({ line, text: withoutMarks(this.#skip(end)) });
  }

  #text(end: number): void {
    this.#skip(end);
    this.#output.before = 'x';
  }

  #literal(end: number): void {
    this.#regExps.push({ line: this.#output.line, text: this.#source.slice(this.#at, end) });
    this.#text(end);
  }

  /** A template is text, but what stands in its braces is code. */
  #template(): void {
    this.#skip(this.#at + 1);
    for (;;) {
      const { [this.#at]: char, [this.#at + 1]: next } = this.#source;
      if (char === undefined) return;
      if (char === '`') break;
      if (char === '\\') this.#skip(this.#at + 2);
      else if (char === '$' && next === '{') this.#substitution();
      else this.#skip(this.#at + 1);
    }
    this.#text(this.#at + 1);
  }

  #substitution(): void {
    this.#skip(this.#at + 1);
    let depth = 0;
    do {
      const char = this.#source[this.#at];
      if (char === undefined) return;
      if (char === '{') depth++;
      if (char === '}') depth--;
      this.#step();
    } while (depth > 0);
  }
}

/** The slashes of `</p>` and `<br />` begin none. */
const beginsRegExp = (before: string, next: string): boolean =>
  next !== '>' && !before.endsWith('<') && beforeRegExp.test(before);

const withoutMarks = (comment: string): string =>
  comment
    .replace(/^\/[/*]+|\*\/$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .trim();

/** Where `mark` begins at or after `at`; the end of the source where it does not. */
function untilMark(source: string, mark: string, at: number): number {
  const found = source.indexOf(mark, at);
  return found < 0 ? source.length : found;
}

/** Behind the quote that ends the string at `at`. */
function quoteEnd(source: string, quote: string, at: number): number {
  let end = at + 1;
  while (end < source.length && source[end] !== quote) end += source[end] === '\\' ? 2 : 1;
  return end + 1;
}

/** Behind the flags of the regular expression at `at`. */
function regExpEnd(source: string, at: number): number {
  let end = at + 1;
  for (let inClass = false; end < source.length; end++) {
    const char = source[end];
    if (char === '\\') end++;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) break;
  }
  while (/[a-z]/.test(source[end + 1] ?? '')) end++;
  return end + 1;
}
