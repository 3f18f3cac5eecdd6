// Header fields of a SIP message: order kept, names without case, compact forms, comma lists (RFC 3261 7.3).

/** A message or a part of one that breaks the grammar. `status` is the answer that fits when it was a request. */
export class SipSyntaxError extends Error {
  override readonly name: string = 'SipSyntaxError';
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** RFC 3261 7.3.3, 20; RFC 3515, 3891, 3892, 4028, 6665 name theirs. */
const compactForms: Readonly<Record<string, string>> = {
  a: 'Accept-Contact',
  b: 'Referred-By',
  c: 'Content-Type',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
};

export const token = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
export const lineBreak = /[\r\n]/;

const fullName = (name: string): string => (name.length === 1 ? (compactForms[name.toLowerCase()] ?? name) : name);
/** Header names compare without case, compact forms as their long ones. */
const headerKey = (name: string): string => fullName(name).toLowerCase();

/** Header fields in order, repeated ones apart; names compare without case, compact forms as their long ones. */
export class Headers implements Iterable<readonly [name: string, value: string]> {
  readonly #rows: { key: string; name: string; value: string }[] = [];

  constructor(rows: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of rows) this.add(name, value);
  }

  /** The first field of that name. */
  get(name: string): string | undefined {
    const key = headerKey(name);
    return this.#rows.find(row => row.key === key)?.value;
  }

  /** Every field of that name, one string per line of the message. */
  all(name: string): string[] {
    const key = headerKey(name);
    return this.#rows.filter(row => row.key === key).map(row => row.value);
  }

  /** The elements of a comma-separated header (Via, Route, Contact, Supported, …) over all its lines. RFC 3261 7.3.1 */
  list(name: string): string[] {
    return this.all(name).flatMap(splitList);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Appends a field. Throws SipSyntaxError when name or value does not fit on one line. */
  add(name: string, value: string): this {
    this.#rows.push(row(name, value));
    return this;
  }

  /** Puts a field before all others of its name (Via, Record-Route); before everything if there is none. */
  prepend(name: string, value: string): this {
    const entry = row(name, value);
    const at = this.#rows.findIndex(other => other.key === entry.key);
    this.#rows.splice(Math.max(0, at), 0, entry);
    return this;
  }

  /** Makes it the only field of that name, in the place of the first. */
  set(name: string, value: string): this {
    return this.setAll(name, [value]);
  }

  /** As `set`, but a new field goes right behind the first one called `anchor`. */
  setBehind(anchor: string, name: string, value: string): this {
    const key = headerKey(anchor);
    const at = this.#rows.findIndex(other => other.key === key);
    if (at < 0 || this.has(name)) return this.set(name, value);
    this.#rows.splice(at + 1, 0, row(name, value));
    return this;
  }

  /** Replaces all fields of that name by these, in the place of the first. */
  setAll(name: string, values: readonly string[]): this {
    const key = headerKey(name);
    const first = this.#rows.findIndex(other => other.key === key);
    this.remove(name);
    const at = first < 0 ? this.#rows.length : Math.min(first, this.#rows.length);
    this.#rows.splice(at, 0, ...values.map(value => row(name, value)));
    return this;
  }

  remove(name: string): this {
    const key = headerKey(name);
    for (let at = this.#rows.length - 1; at >= 0; at--) if (this.#rows[at]?.key === key) this.#rows.splice(at, 1);
    return this;
  }

  clone(): Headers {
    return new Headers(this);
  }

  *[Symbol.iterator](): Iterator<readonly [string, string]> {
    for (const { name, value } of this.#rows) yield [name, value];
  }
}

function row(name: string, value: string): { key: string; name: string; value: string } {
  if (!token.test(name)) throw new SipSyntaxError(`header name ${JSON.stringify(name.slice(0, 40))} is not a token`);
  const text = value.trim();
  if (lineBreak.test(text)) throw new SipSyntaxError(`header ${name} holds a line break`);
  const full = fullName(name);
  return { key: full.toLowerCase(), name: full, value: text };
}

/** Splits at commas outside quoted strings and angle brackets. Empty elements are dropped (RFC 3261 25.1). */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let angle = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '<') angle = true;
    else if (char === '>') angle = false;
    else if (char === ',' && !angle) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map(part => part.trim()).filter(part => part !== '');
}

/** Content-Length as a number, undefined when absent, or a text that describes the error. */
export function contentLength(headers: Headers): number | undefined | string {
  const all = new Set(headers.all('Content-Length'));
  if (all.size > 1) return 'Content-Length is given twice with different values';
  const [text] = all;
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) return `Content-Length ${JSON.stringify(text.slice(0, 20))} is not a number`;
  return Number(text);
}
