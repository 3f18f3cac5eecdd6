// The table of products: a terminal's own name, from User-Agent or H.323 vendor data, tells a secure terminal from others.
import { UserError } from '../../shared/errors.ts';

export interface ProductRow {
  /**
   * Pattern of the name in lower case without blanks and punctuation (`Mitel 6867i/5.0` is `mitel6867i50`): `#` is a digit,
   * `*` any text.
   */
  pattern: string;
  /** It supports TLS and SRTP. */
  isSecure: boolean;
  /** Telephones of other makers than the exchange's. */
  isThirdParty: boolean;
}

export interface Product {
  /** Name as the terminal gives it, clipped; undefined where it gives none. */
  name: string | undefined;
  isSecure: boolean;
  isThirdParty: boolean;
}

const ours = (isSecure: boolean, patterns: readonly string[]): ProductRow[] =>
  patterns.map(pattern => ({ pattern, isSecure, isThirdParty: false }));

/**
 * Secure are D4 (DBC 42x 02), D5 (DBC 446 01) and the Mitel and Aastra 6700, 6800 and 6900 series. The gateways of the DGW
 * family support TLS and SRTP and count as secure: a decision of ours.
 */
export const builtInProducts: readonly ProductRow[] = [
  ...ours(true, ['*dbc42#02*', '*dbc44601*']),
  ...ours(false, ['*dbc42#01*']),
  ...ours(
    true,
    ['mitel', 'aastra', 'mitelsip', 'aastrasip'].flatMap(maker =>
      ['67', '68', '69'].map(series => `${maker}${series}##*`),
    ),
  ),
  ...ours(true, ['mediatrix*', 'media5*', 'mitelta7###*', 'ta7###*']),
];

const MAX_NAME = 200;
const MAX_ROWS = 1000;

/** @param products rows in the order in which they are tried; the last word has `builtInProducts` by default */
export function terminalOf(name: string | undefined, products: readonly ProductRow[] = builtInProducts): Product {
  const shown = name?.slice(0, MAX_NAME);
  const plain = plainName(shown ?? '');
  const row = products.find(({ pattern }) => matches(pattern, plain));
  return { name: shown, isSecure: row?.isSecure ?? false, isThirdParty: row?.isThirdParty ?? true };
}

/**
 * Rows of a file, before the built-in ones: `secure PATTERN`, `insecure PATTERN` or `third-party PATTERN` a line (a third-party
 * telephone is insecure), where `#` begins a comment at the start of a line. @throws UserError that names the line
 */
export function readProducts(text: string): ProductRow[] {
  const rows = text.split(/\r?\n/).flatMap((line, at) => {
    const trimmed = line.trim();
    return trimmed === '' || trimmed.startsWith('#') ? [] : [productRow(trimmed, at + 1)];
  });
  if (rows.length > MAX_ROWS) throw new UserError(400, 'bad-products', `more than ${MAX_ROWS} products`);
  return [...rows, ...builtInProducts];
}

function productRow(line: string, number: number): ProductRow {
  const [word = '', ...rest] = line.split(/\s+/);
  const pattern = rest
    .join('')
    .toLowerCase()
    .replace(/[^a-z0-9#*]/g, '');
  const known = ['secure', 'insecure', 'third-party'].includes(word);
  if (!known || pattern === '' || pattern.length > MAX_NAME)
    throw new UserError(
      400,
      'bad-products',
      `line ${number}: not 'secure PATTERN', 'insecure PATTERN' or 'third-party PATTERN'`,
    );
  return { pattern, isSecure: word === 'secure', isThirdParty: word === 'third-party' };
}

const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Matches by parts from left to right, the last one at the end; linear in the name for each part. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const last = parts.pop() ?? '';
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const found = index === 0 ? (fitsAt(part, name, 0) ? 0 : -1) : find(part, name, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const end = name.length - last.length;
  return parts.length === 0 ? end === 0 && fitsAt(last, name, 0) : end >= at && fitsAt(last, name, end);
}

function find(part: string, name: string, from: number): number {
  for (let at = from; at + part.length <= name.length; at++) if (fitsAt(part, name, at)) return at;
  return -1;
}

function fitsAt(part: string, name: string, at: number): boolean {
  if (at + part.length > name.length) return false;
  for (let index = 0; index < part.length; index++) {
    const [wanted, given = ''] = [part[index], name[at + index]];
    if (wanted === '#' ? given < '0' || given > '9' : wanted !== given) return false;
  }
  return true;
}
