// A cursor over one line of a script: takes it apart from left to right, and reports the column of what does not fit.

export class LineSyntaxError extends Error {
  /** Counted from 1. */
  readonly column: number;

  constructor(column: number, message: string) {
    super(message);
    this.column = column;
  }
}

export class LineCursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  at(character: string): boolean {
    return this.#text[this.#at] === character;
  }

  /** Passes over the character if it comes next. */
  skip(character: string): boolean {
    if (!this.at(character)) return false;
    this.#at++;
    return true;
  }

  skipSpace(): void {
    this.take(/[ \t]*/y);
  }

  /** @param pattern sticky */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at += match[0].length;
    return match[0];
  }

  fail(message: string): never {
    throw new LineSyntaxError(this.#at + 1, message);
  }

  /** Control characters other than a tab cannot be typed: the file is not a script, or was altered. */
  refuseControlCharacters(): void {
    const odd = this.#text.search(/[^\t\x20-\u{10ffff}]/u);
    if (odd >= 0) throw new LineSyntaxError(odd + 1, 'a control character');
  }

  /** A quoted string, at its opening quote. @param escapes characters behind a backslash, and what they mean */
  quoted(escapes: Readonly<Record<string, string>>): string {
    const start = this.#at++;
    let value = '';
    for (;;) {
      value += this.take(/[^"\\]*/y) ?? '';
      const mark = this.#text[this.#at];
      if (mark === undefined) throw new LineSyntaxError(start + 1, 'the quote is not closed');
      this.#at++;
      if (mark === '"') return value;
      const character = escapes[this.#text[this.#at] ?? ''];
      if (character === undefined) throw new LineSyntaxError(this.#at, 'an unknown escape');
      value += character;
      this.#at++;
    }
  }
}
