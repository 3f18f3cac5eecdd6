// SIP URIs and the name-addr form around them (RFC 3261 19.1, 20.10, 25.1), IPv6 literals included.
import { type Port, readPort } from '../net/port.ts';
import { SipSyntaxError } from './message.ts';

/** Parameters in order; names in lower case; a parameter without `=` has the value ''. Values keep their quotes. */
export type Parameters = Map<string, string>;

export interface SipUri {
  scheme: 'sip' | 'sips';
  /** As written, percent escapes kept; absent for `sip:host`. */
  user?: string;
  password?: string;
  /** IPv6 with its brackets. */
  host: string;
  port?: Port;
  parameters: Parameters;
  /** Text behind `?`. */
  headers?: string;
}

export interface NameAddr {
  /** Without quotes and escapes. */
  displayName?: string;
  /** Text of the URI, any scheme. */
  uri: string;
  /** Header parameters (`tag`, `expires`, `q`), not the URI's own. */
  parameters: Parameters;
}

const hostPattern = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?)$/;

/** `;a=1;b;c="x;y"` as a map. RFC 3261 25.1 generic-param */
export function parseParameters(text: string): Parameters {
  const parameters: Parameters = new Map();
  for (const part of splitOutsideQuotes(text, ';')) {
    if (part.trim() === '') continue;
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name === '') throw new SipSyntaxError(`parameter without a name in ${JSON.stringify(text.slice(0, 60))}`);
    if (!parameters.has(name)) parameters.set(name, equals < 0 ? '' : part.slice(equals + 1).trim());
  }
  return parameters;
}

export function formatParameters(parameters: Parameters): string {
  let text = '';
  for (const [name, value] of parameters) text += value === '' ? `;${name}` : `;${name}=${value}`;
  return text;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted && char === '\\') at++;
    else if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** `host[:port]`, IPv6 in brackets. Throws SipSyntaxError. */
export function parseHostPort(text: string): { host: string; port?: Port } {
  const bracket = text.lastIndexOf(']');
  const colon = text.indexOf(':', Math.max(0, bracket));
  const host = (colon < 0 ? text : text.slice(0, colon)).trim();
  if (!hostPattern.test(host)) throw new SipSyntaxError(`${JSON.stringify(text.slice(0, 60))} is not a host`);
  if (colon < 0) return { host };
  const port = readPort(text.slice(colon + 1).trim());
  if (port === undefined) throw new SipSyntaxError('the port is not between 1 and 65535');
  return { host, port };
}

/**
 * Reads a `sip:` or `sips:` URI.
 * @throws SipSyntaxError; status 416 for another scheme
 */
export function parseUri(text: string): SipUri {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) throw new SipSyntaxError(`${JSON.stringify(text.slice(0, 60))} is not a URI`);
  if (scheme !== 'sip' && scheme !== 'sips') throw new SipSyntaxError(`URI scheme ${scheme}`, 416);
  if (/[\s<>"]/.test(text)) throw new SipSyntaxError('the URI holds a space, quote or angle bracket');
  const rest = text.slice(scheme.length + 1);
  // User parts may hold ';' and '?', so the last '@' before any header part divides. RFC 3261 25.1 user-unreserved
  const at = rest.lastIndexOf('@');
  const uri: SipUri = { scheme, host: '', parameters: new Map() };
  if (at >= 0) {
    const colon = rest.indexOf(':');
    const split = colon >= 0 && colon < at ? colon : at;
    uri.user = rest.slice(0, split);
    if (split < at) uri.password = rest.slice(split + 1, at);
    if (uri.user === '') throw new SipSyntaxError('the URI has an empty user');
  }
  const question = rest.indexOf('?', at + 1);
  if (question >= 0) uri.headers = rest.slice(question + 1);
  const hostAndParameters = rest.slice(at + 1, question < 0 ? rest.length : question);
  const semicolon = hostAndParameters.indexOf(';');
  const { host, port } = parseHostPort(semicolon < 0 ? hostAndParameters : hostAndParameters.slice(0, semicolon));
  uri.host = host;
  if (port !== undefined) uri.port = port;
  if (semicolon >= 0) uri.parameters = parseParameters(hostAndParameters.slice(semicolon + 1));
  return uri;
}

export function formatUri(uri: SipUri): string {
  const password = uri.password === undefined ? '' : `:${uri.password}`;
  const user = uri.user === undefined ? '' : `${uri.user}${password}@`;
  const port = uri.port === undefined ? '' : `:${uri.port}`;
  const headers = uri.headers === undefined ? '' : `?${uri.headers}`;
  return `${uri.scheme}:${user}${uri.host}${port}${formatParameters(uri.parameters)}${headers}`;
}

/** RFC 3261 26.2.2: TLS alone may carry what is for that address. */
export const isSips = (uri: string): boolean => /^sips:/i.test(uri);

/** The same resource under the other scheme (RFC 3261 19.1, RFC 5630 4.1); a URI of another kind stays. */
export const withScheme = (uri: string, scheme: SipUri['scheme']): string => uri.replace(/^sips?:/i, `${scheme}:`);

/** A user part with its percent escapes resolved; text that is no escape stays. */
export function unescapeUser(user: string): string {
  return user.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** RFC 3261 19.1.4: parameters that must agree even when only one side has them. */
const decisive = ['user', 'ttl', 'method', 'maddr', 'transport'] as const;

/** True when two URIs are equal by RFC 3261 19.1.4 (headers compared as text). */
export function sameUri(a: SipUri, b: SipUri): boolean {
  if (a.scheme !== b.scheme || a.port !== b.port || a.host.toLowerCase() !== b.host.toLowerCase()) return false;
  if ((a.user === undefined) !== (b.user === undefined) || a.password !== b.password || a.headers !== b.headers) {
    return false;
  }
  if (a.user !== undefined && b.user !== undefined && unescapeUser(a.user) !== unescapeUser(b.user)) return false;
  for (const name of decisive) if (a.parameters.has(name) !== b.parameters.has(name)) return false;
  for (const [name, value] of a.parameters) {
    const other = b.parameters.get(name);
    if (other !== undefined && other.toLowerCase() !== value.toLowerCase()) return false;
  }
  return true;
}

/** Reads `"Name" <uri>;params` or `uri;params` (whose parameters are then the header's, RFC 3261 20). */
export function parseNameAddr(text: string): NameAddr {
  const source = text.trim();
  const open = findOpen(source);
  if (open < 0) {
    const semicolon = source.indexOf(';');
    const uri = (semicolon < 0 ? source : source.slice(0, semicolon)).trim();
    if (!/^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(uri)) {
      throw new SipSyntaxError(`${JSON.stringify(source.slice(0, 60))} is not an address`);
    }
    return { uri, parameters: parseParameters(semicolon < 0 ? '' : source.slice(semicolon + 1)) };
  }
  const close = source.indexOf('>', open);
  if (close < 0) throw new SipSyntaxError('an address has no closing angle bracket');
  const uri = source.slice(open + 1, close).trim();
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(uri)) throw new SipSyntaxError('an address holds no URI');
  const after = source.slice(close + 1).trim();
  if (after !== '' && !after.startsWith(';')) throw new SipSyntaxError('text behind an address is not a parameter');
  const address: NameAddr = { uri, parameters: parseParameters(after.slice(1)) };
  const name = source.slice(0, open).trim();
  if (name !== '') address.displayName = unquote(name);
  return address;
}

/** Offset of the opening angle bracket, outside a quoted display name; -1 when there is none. */
function findOpen(text: string): number {
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted && char === '\\') at++;
    else if (char === '"') quoted = !quoted;
    else if (char === '<' && !quoted) return at;
  }
  if (quoted) throw new SipSyntaxError('a quoted string does not end');
  return -1;
}

/** The content of a quoted string; other text as it is. */
function unquote(text: string): string {
  if (!/^".*"$/s.test(text) || text.length < 2) return text;
  return text.slice(1, -1).replace(/\\(.)/gs, '$1');
}

export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** The tag of a From or To value. Throws SipSyntaxError when it is no address. */
export function tagOf(value: string): string | undefined {
  return parseNameAddr(value).parameters.get('tag');
}
