// The unit's configuration-script language: text → statements. No public grammar exists; this one covers every form seen
// in live files, and where those are silent it is our choice: comments take a whole line, `\\ \" \n \r \t` are the escapes
// of quoted values, an unquoted value runs to the end of its line, and nothing may follow a quoted one.

import { LineCursor, LineSyntaxError } from './line-cursor.ts';

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
const MAX_SCRIPT = 4 * 1024 * 1024;

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
    const result = readLine(line, at + 1);
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
    return undefined;
  }
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n', r: '\r', t: '\t' };

/** Reads one line as a statement; undefined for an empty line or a comment. */
function readLine(text: string, number: number): Statement | SyntaxProblem | undefined {
  try {
    return new StatementReader(text, number).read();
  } catch (error) {
    if (error instanceof LineSyntaxError) return { line: number, column: error.column, message: error.message };
    throw error;
  }
}

/** The grammar of one line. */
class StatementReader {
  readonly #line: LineCursor;
  readonly #number: number;

  constructor(text: string, number: number) {
    this.#line = new LineCursor(text);
    this.#number = number;
  }

  read(): Statement | undefined {
    this.#line.skipSpace();
    if (this.#line.rest === '' || this.#line.rest.startsWith('#')) return undefined;
    this.#line.refuseControlCharacters();
    return this.#statement();
  }

  #statement(): Statement {
    const line = this.#line;
    const first = line.take(/[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+/y) ?? line.fail('a name like Service.Variable is due');
    const keys = line.at('[') ? this.#keys() : [];
    const column = keys.length > 0 ? line.take(/\.[A-Za-z_]\w*/y) : '';
    if (column === undefined) line.fail('a column is due after the keys');
    const name = first + column;
    const spaced = line.take(/[ \t]+/y) !== undefined;
    if (line.skip('=')) return { kind: 'assign', line: this.#number, name, keys, value: this.#value() };
    if (line.rest !== '' && !spaced) line.fail(`'${line.rest[0]}' cannot stand in a name`);
    return { kind: 'command', line: this.#number, name, keys, args: this.#args() };
  }

  /** `[Service=Cli Priority=1]` */
  #keys(): Keys {
    const line = this.#line;
    line.skip('[');
    const keys: Keys = [];
    for (;;) {
      line.skipSpace();
      if (line.at(']')) break;
      if (line.rest === '') line.fail("']' is missing");
      keys.push(this.#pair(/[^\s"\]]+/y));
    }
    if (keys.length === 0) line.fail('a key is due');
    line.skip(']');
    return keys;
  }

  #args(): Keys {
    const line = this.#line;
    const args: Keys = [];
    for (line.skipSpace(); line.rest !== ''; line.skipSpace()) args.push(this.#pair(/[^\s"]+/y));
    return args;
  }

  #pair(bare: RegExp): [string, string] {
    const line = this.#line;
    const key = line.take(/[A-Za-z_]\w*/y) ?? line.fail('a name is due');
    line.skipSpace();
    if (!line.skip('=')) line.fail(`'=' is due after ${key}`);
    return [key, line.at('"') ? line.quoted(escapes) : (line.take(bare) ?? '')];
  }

  #value(): string {
    const line = this.#line;
    line.skipSpace();
    if (!line.at('"')) return line.rest.trimEnd();
    const value = line.quoted(escapes);
    line.skipSpace();
    if (line.rest !== '') line.fail('text after the closing quote');
    return value;
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
