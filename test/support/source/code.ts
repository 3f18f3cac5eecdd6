// TypeScript without what is no code: comments, strings, templates and regular expressions become blanks, every line keeps its place.

/** What a `/` after these begins is a regular expression. */
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
}

export function codeOf(source: string): Code {
  return new Scanner(source).scan();
}

class Scanner {
  readonly #source: string;
  readonly #parts: string[] = [];
  readonly #comments: Comment[] = [];
  #at = 0;
  #line = 1;
  /** The code so far, shortened to what decides what a slash means. */
  #before = '';

  constructor(source: string) {
    this.#source = source;
  }

  scan(): Code {
    while (this.#at < this.#source.length) this.#step();
    return { code: this.#parts.join(''), comments: this.#comments };
  }

  #step(): void {
    const { [this.#at]: char = '', [this.#at + 1]: next = '' } = this.#source;
    if (char === '/' && next === '/') this.#comment(this.#until('\n'));
    else if (char === '/' && next === '*') this.#comment(this.#past('*/', 2));
    else if (char === "'" || char === '"') this.#text(this.#quoted(char));
    else if (char === '`') this.#template();
    else if (char === '/' && beforeRegExp.test(this.#before)) this.#text(this.#regExp());
    else this.#take(char);
  }

  #take(char: string): void {
    this.#parts.push(char);
    this.#before = (this.#before + char).slice(-24);
    if (char === '\n') this.#line++;
    this.#at++;
  }

  /** Replaces all up to `end` by blanks. */
  #skip(end: number): string {
    const text = this.#source.slice(this.#at, end);
    this.#parts.push(text.replace(/[^\n]/g, ' '));
    this.#line += text.split('\n').length - 1;
    this.#at = end;
    return text;
  }

  #comment(end: number): void {
    const line = this.#line;
    const text = this.#skip(end);
    this.#comments.push({
      line,
      text: text
        .replace(/^\/[/*]+|\*\/$/g, '')
        .replace(/^\s*\* ?/gm, '')
        .trim(),
    });
  }

  #text(end: number): void {
    this.#skip(end);
    this.#before = 'x';
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

  #until(mark: string): number {
    const at = this.#source.indexOf(mark, this.#at);
    return at < 0 ? this.#source.length : at;
  }

  #past(mark: string, from: number): number {
    const at = this.#source.indexOf(mark, this.#at + from);
    return at < 0 ? this.#source.length : at + mark.length;
  }

  #quoted(quote: string): number {
    let end = this.#at + 1;
    while (end < this.#source.length && this.#source[end] !== quote) end += this.#source[end] === '\\' ? 2 : 1;
    return end + 1;
  }

  #regExp(): number {
    let end = this.#at + 1;
    for (let inClass = false; end < this.#source.length; end++) {
      const char = this.#source[end];
      if (char === '\\') end++;
      else if (char === '[') inClass = true;
      else if (char === ']') inClass = false;
      else if (char === '/' && !inClass) break;
    }
    while (/[a-z]/.test(this.#source[end + 1] ?? '')) end++;
    return end + 1;
  }
}
