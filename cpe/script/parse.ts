// The unit's configuration-script language: text → statements. No public grammar exists; this one covers every form seen
// in live files, and where those are silent it is our choice: comments take a whole line, `\\ \" \n \r \t` are the escapes
// of quoted values, an unquoted value runs to the end of its line, and nothing may follow a quoted one.

export type Keys = [column: string, value: string][];

export type Statement =
  /** `Service.Scalar = v`, `Service.Table[K=v].Column = v` */
  | { kind: 'assign'; line: number; name: string; keys: Keys; value: string }
  /** `Service.Command k=v …`, `Service.Table.DeleteAllRows`, `Service.Table[K=v].RowCommand` */
  | { kind: 'command'; line: number; name: string; keys: Keys; args: Keys };

export interface SyntaxProblem {
  line: number;
  column: number;
  message: string;
}

/** Larger scripts are refused as a whole. */
export const MAX_SCRIPT = 4 * 1024 * 1024;

/**
 * Reads a whole script. With any problem nothing of it may run.
 * @param script UTF-8; lines end with LF or CRLF
 */
export function parseScript(script: string | Buffer): { statements: Statement[]; problems: SyntaxProblem[] } {
  const fail = (message: string): { statements: Statement[]; problems: SyntaxProblem[] } => ({
    statements: [],
    problems: [{ line: 1, column: 1, message }],
  });
  if (script.length > MAX_SCRIPT) return fail(`the script is larger than ${MAX_SCRIPT} bytes`);
  const text = typeof script === 'string' ? script : decode(script);
  if (text === undefined) return fail('the file is not UTF-8 text');
  const statements: Statement[] = [];
  const problems: SyntaxProblem[] = [];
  for (const [at, raw] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const result = new Line(line, at + 1).read();
    if (!result) continue;
    if ('kind' in result) statements.push(result);
    else problems.push(result);
  }
  return { statements, problems };
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // said by the caller: not text
  }
}

class Stop extends Error {
  readonly column: number;
  constructor(column: number, message: string) {
    super(message);
    this.column = column;
  }
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n', r: '\r', t: '\t' };

/** Reads one line from left to right. */
class Line {
  readonly #text: string;
  readonly #number: number;
  #at = 0;

  constructor(text: string, number: number) {
    this.#text = text;
    this.#number = number;
  }

  read(): Statement | SyntaxProblem | undefined {
    try {
      this.#space();
      if (this.#rest === '' || this.#rest.startsWith('#')) return undefined;
      // Control characters other than a tab cannot be typed: the file is not a script, or was altered.
      const odd = this.#text.search(/[^\t\x20-\u{10ffff}]/u);
      if (odd >= 0) throw new Stop(odd + 1, 'a control character');
      return this.#statement();
    } catch (error) {
      if (error instanceof Stop) return { line: this.#number, column: error.column, message: error.message };
      throw error;
    }
  }

  get #rest(): string {
    return this.#text.slice(this.#at);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at += match[0].length;
    return match[0];
  }

  #fail(message: string): never {
    throw new Stop(this.#at + 1, message);
  }

  #space(): void {
    this.#take(/[ \t]*/y);
  }

  #statement(): Statement {
    const first = this.#take(/[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+/y);
    if (first === undefined) this.#fail('a name like Service.Variable is due');
    const keys = this.#peek('[') ? this.#keys() : [];
    const column = keys.length > 0 ? this.#take(/\.[A-Za-z_]\w*/y) : '';
    if (column === undefined) this.#fail('a column is due after the keys');
    const name = first + column;
    const spaced = this.#take(/[ \t]+/y) !== undefined;
    if (this.#peek('=')) {
      this.#at++;
      return { kind: 'assign', line: this.#number, name, keys, value: this.#value() };
    }
    if (this.#rest !== '' && !spaced) this.#fail(`'${this.#text[this.#at]}' cannot stand in a name`);
    return { kind: 'command', line: this.#number, name, keys, args: this.#args() };
  }

  #peek(character: string): boolean {
    return this.#text[this.#at] === character;
  }

  /** `[Service=Cli Priority=1]` */
  #keys(): Keys {
    this.#at++;
    const keys: Keys = [];
    for (;;) {
      this.#space();
      if (this.#peek(']')) break;
      if (this.#rest === '') this.#fail("']' is missing");
      keys.push(this.#pair(/[^\s"\]]+/y));
    }
    if (keys.length === 0) this.#fail('a key is due');
    this.#at++;
    return keys;
  }

  #args(): Keys {
    const args: Keys = [];
    for (this.#space(); this.#rest !== ''; this.#space()) args.push(this.#pair(/[^\s"]+/y));
    return args;
  }

  #pair(bare: RegExp): [string, string] {
    const key = this.#take(/[A-Za-z_]\w*/y) ?? this.#fail('a name is due');
    this.#space();
    if (!this.#peek('=')) this.#fail(`'=' is due after ${key}`);
    this.#at++;
    if (this.#peek('"')) return [key, this.#quoted()];
    return [key, this.#take(bare) ?? ''];
  }

  #value(): string {
    this.#space();
    if (!this.#peek('"')) return this.#rest.trimEnd();
    const value = this.#quoted();
    this.#space();
    if (this.#rest !== '') this.#fail('text after the closing quote');
    return value;
  }

  #quoted(): string {
    const start = this.#at++;
    let value = '';
    for (;;) {
      value += this.#take(/[^"\\]*/y) ?? '';
      const mark = this.#text[this.#at];
      if (mark === undefined) throw new Stop(start + 1, 'the quote is not closed');
      this.#at++;
      if (mark === '"') return value;
      const character = escapes[this.#text[this.#at] ?? ''];
      if (character === undefined) throw new Stop(this.#at, 'an unknown escape');
      value += character;
      this.#at++;
    }
  }
}

/** A value in quotes, so that it reads back as it is. */
export function quoteValue(value: string): string {
  const escaped = value.replace(/["\\\n\r\t]/g, mark => {
    const letter = Object.keys(escapes).find(key => escapes[key] === mark);
    return `\\${letter}`;
  });
  return `"${escaped}"`;
}

/** A key or argument value: bare where it can be, else quoted. */
export function bareOrQuoted(value: string): string {
  return /^[^\s"\\\]=[#]+$/.test(value) ? value : quoteValue(value);
}

/** `SipEp.Gateway.SecurePort` and its keys → `SipEp.Gateway[Name=default].SecurePort`. */
export function formatName(name: string, keys: Keys): string {
  if (keys.length === 0) return name;
  const dot = name.lastIndexOf('.');
  return `${name.slice(0, dot)}[${keys.map(([key, value]) => `${key}=${bareOrQuoted(value)}`).join(' ')}]${name.slice(dot)}`;
}

/** One statement as a line of a script. */
export function formatStatement(statement: Statement): string {
  const name = formatName(statement.name, statement.keys);
  if (statement.kind === 'assign') return `${name} = ${quoteValue(statement.value)}`;
  return [name, ...statement.args.map(([key, value]) => `${key}=${bareOrQuoted(value)}`)].join(' ');
}
