// The syntax of HTTP authentication headers (RFC 7235, 7616, 7617): challenges and credentials, read and written.

/** One challenge of a WWW-Authenticate or Proxy-Authenticate header. */
export interface Challenge {
  /** Lower case: `digest`, `basic`, … */
  scheme: string;
  /** Names in lower case, values unquoted. */
  parameters: Readonly<Record<string, string>>;
}

/** The content of an Authorization header. */
export type Credentials =
  | { scheme: 'basic'; username: string; password: string }
  | {
      scheme: 'digest';
      username: string;
      realm: string;
      nonce: string;
      uri: string;
      response: string;
      algorithm?: string;
      qop?: string;
      nc?: string;
      cnonce?: string;
      opaque?: string;
    };

const tokenPattern = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
/** RFC 7235 2.1; with RFC 7616 allowing `username*`, and `=` as padding at the end. */
const token68Pattern = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const quotedPattern = /"((?:[^"\\]|\\[\s\S])*)"/y;
const blankPattern = /[\s,]*/y;
const spacePattern = /[ \t]*/y;
const equalsPattern = /[ \t]*=[ \t]*/y;

class Scanner {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (!found) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }
  get ended(): boolean {
    return this.#at >= this.#text.length;
  }
  mark(): number {
    return this.#at;
  }
  reset(mark: number): void {
    this.#at = mark;
  }
  skip(): void {
    this.#at++;
  }
}

/** Node hands header bytes over as Latin-1; RFC 7616 3.3 and 4 mean UTF-8. */
function utf8(text: string): string {
  if (!/[\x80-\xff]/.test(text) || /[^\0-\xff]/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text; // Not UTF-8: a client that really means Latin-1.
  }
}

/** Reads `name=value` when the cursor is at one. */
function parameter(scanner: Scanner): [string, string] | undefined {
  const mark = scanner.mark();
  const name = scanner.take(tokenPattern)?.[0];
  if (name === undefined || !scanner.take(equalsPattern)) {
    scanner.reset(mark);
    return undefined;
  }
  const quoted = scanner.take(quotedPattern);
  const value = quoted ? (quoted[1] ?? '').replace(/\\([\s\S])/g, '$1') : scanner.take(tokenPattern)?.[0];
  if (value === undefined) {
    scanner.reset(mark);
    return undefined;
  }
  return [name.toLowerCase(), utf8(value)];
}

interface OpenChallenge {
  scheme: string;
  parameters: Record<string, string>;
}

/** Reads a scheme and steps over the token68 that may follow it; undefined on what is no token. */
function opening(scanner: Scanner): OpenChallenge | undefined {
  const scheme = scanner.take(tokenPattern)?.[0];
  if (scheme === undefined) return undefined;
  scanner.take(spacePattern);
  const mark = scanner.mark();
  if (parameter(scanner)) scanner.reset(mark);
  else scanner.take(token68Pattern);
  return { scheme: scheme.toLowerCase(), parameters: {} };
}

/** Longer than any honest header; keeps the scan of a hostile one short. */
const MAX_HEADER = 16_384;

function parseOne(text: string): OpenChallenge[] {
  const out: OpenChallenge[] = [];
  if (text.length > MAX_HEADER) return out;
  const scanner = new Scanner(text);
  for (scanner.take(blankPattern); !scanner.ended; scanner.take(blankPattern)) {
    const pair = parameter(scanner);
    const known = out.at(-1)?.parameters;
    if (pair) {
      if (known && !Object.hasOwn(known, pair[0])) known[pair[0]] = pair[1];
      continue;
    }
    const next = opening(scanner);
    if (next) out.push(next);
    else scanner.skip();
  }
  return out;
}

/**
 * The challenges of one or several header values, in order (RFC 7235 4.1). Takes what it understands and skips the rest,
 * so that a malformed header means "no usable challenge" and never an exception.
 */
export const parseChallenges = (header: string | readonly string[] | undefined): Challenge[] =>
  (typeof header === 'string' ? [header] : (header ?? [])).flatMap(parseOne);

/** The text of a challenge as a header value. Everything is quoted but the words that RFC 7616 3.3 wants bare. */
export function formatChallenge(challenge: Challenge): string {
  const scheme = challenge.scheme.charAt(0).toUpperCase() + challenge.scheme.slice(1);
  const bare = new Set(['algorithm', 'stale', 'userhash']);
  const pairs = Object.entries(challenge.parameters).map(
    ([name, value]) => `${name}=${bare.has(name) ? value : quote(value)}`,
  );
  return `${scheme} ${pairs.join(', ')}`;
}

export const quote = (text: string): string =>
  `"${Buffer.from(text.replace(/["\\]/g, '\\$&'), 'utf8').toString('latin1')}"`;

/** Reads an Authorization or Proxy-Authorization header; undefined when it is neither basic nor a complete digest. */
export function parseCredentials(header: string | undefined): Credentials | undefined {
  const found = /^\s*(basic|digest)[ \t]+([\s\S]*)$/i.exec(header ?? '');
  if (!found) return undefined;
  const rest = found[2] ?? '';
  if (found[1]?.toLowerCase() === 'basic') return parseBasic(rest.trim());
  const fields = parseChallenges(`digest ${rest}`)[0]?.parameters ?? {};
  const username = fields.username ?? extendedValue(fields['username*']);
  const { realm, nonce, uri, response, algorithm, qop, nc, cnonce, opaque } = fields;
  if (username === undefined || realm === undefined || !nonce || uri === undefined || !response) return undefined;
  return {
    scheme: 'digest',
    username,
    realm,
    nonce,
    uri,
    response,
    ...(algorithm !== undefined && { algorithm }),
    ...(qop !== undefined && { qop }),
    ...(nc !== undefined && { nc }),
    ...(cnonce !== undefined && { cnonce }),
    ...(opaque !== undefined && { opaque }),
  };
}

/** RFC 7617 2: the first colon ends the user name. */
function parseBasic(token: string): Credentials | undefined {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(token)) return undefined;
  const text = utf8(Buffer.from(token, 'base64').toString('latin1'));
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  return { scheme: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** RFC 8187, as RFC 7616 3.4.4 uses it for names that do not fit a quoted string. */
function extendedValue(text: string | undefined): string | undefined {
  const found = /^utf-8'[^']*'(.*)$/i.exec(text ?? '');
  if (!found) return undefined;
  try {
    return decodeURIComponent(found[1] ?? '');
  } catch {
    return undefined;
  }
}

export const formatBasic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
