// Marks in messages, and what stands for them once the other end has spoken: cookies, nonces, tags, identifiers.
import { createHash } from 'node:crypto';

export type Marks = Map<string, string>;

/** A mark that nothing stands for yet becomes empty; `@{length}@` is the length of all that follows the first blank line. */
export function filled(bytes: Buffer, marks: Marks): Buffer {
  if (!bytes.includes('@{')) return bytes;
  const text = bytes
    .toString('latin1')
    .replace(mark, (all, name: string) => (name === 'length' ? all : (marks.get(name) ?? '')));
  const blank = text.indexOf('\r\n\r\n');
  const length = blank < 0 ? 0 : text.length - blank - 4;
  return Buffer.from(text.replaceAll('@{length}@', String(length)), 'latin1');
}

const mark = /@\{(\w{1,28})\}@/g;

const md5 = (text: string): string => createHash('md5').update(text, 'latin1').digest('hex');

export interface Login {
  user: string;
  password: string;
  method: string;
  uri: string;
}

/** `realm`, `nonce`, `opaque` and `response` of the digest challenge in an answer (RFC 7616, MD5 with qop=auth). */
export function learnDigest(text: string, marks: Marks, login: Login): void {
  const nonce = /\bnonce="([^"]*)"/.exec(text)?.[1];
  if (nonce === undefined) return;
  const realm = /\brealm="([^"]*)"/.exec(text)?.[1] ?? '';
  marks.set('realm', realm);
  marks.set('nonce', nonce);
  marks.set('opaque', /\bopaque="([^"]*)"/.exec(text)?.[1] ?? '');
  const secret = md5(`${login.user}:${realm}:${login.password}`);
  marks.set('response', md5(`${secret}:${nonce}:00000001:fuzz:auth:${md5(`${login.method}:${login.uri}`)}`));
}

/** The value of an Authorization header, with marks. */
export const digestHeader = ({ user, uri }: Pick<Login, 'user' | 'uri'>): string =>
  `Digest username="${user}", realm="@{realm}@", nonce="@{nonce}@", uri="${uri}", response="@{response}@", ` +
  'algorithm=MD5, qop=auth, nc=00000001, cnonce="fuzz", opaque="@{opaque}@"';
