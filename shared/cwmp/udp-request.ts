// The UDP connection request (TR-069 Annex G): one datagram in the form of an HTTP GET, signed with the connection-request password.
import { createHmac, timingSafeEqual } from 'node:crypto';

interface UdpRequest {
  /** `host:port` as written in the URI. */
  authority: string;
  /** Seconds since 1970, by the clock of the ACS. */
  ts: number;
  /** Distinguishes requests; copies of one carry the same. */
  id: string;
  /** ConnectionRequestUsername. */
  un: string;
  /** Nonce of the ACS. */
  cn: string;
  /** 40 hexadecimal digits, as they came. */
  sig: string;
}

const MAX_REQUEST = 2048;

const signatureOf = (password: string, ...text: string[]): Buffer =>
  createHmac('sha1', password).update(text.join('')).digest();

export function encodeUdpRequest(request: Omit<UdpRequest, 'sig'>, password: string): Buffer {
  const { authority, ts, id, un, cn } = request;
  const sig = signatureOf(password, String(ts), id, un, cn).toString('hex').toUpperCase();
  const query = Object.entries({ ts, id, un, cn, sig })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return Buffer.from(`GET http://${authority}?${query} HTTP/1.1\r\n\r\n`, 'latin1');
}

/** An absolute http URI with nothing but host, port and query, in the first line of a GET; undefined for anything else. */
export function uriOfUdpRequest(bytes: Buffer): URL | undefined {
  if (bytes.length > MAX_REQUEST) return undefined;
  const uri = /^GET (http:\/\/[^\s/?#@]+\/?(?:\?[^\s#]*)?) HTTP\/1\.[01]\r?\n/i.exec(bytes.toString('latin1'))?.[1];
  return uri !== undefined && URL.canParse(uri) ? new URL(uri) : undefined;
}

/** Everything a signed request must carry, each once; undefined when it is not one. */
export function parseUdpRequest(bytes: Buffer): UdpRequest | undefined {
  const uri = uriOfUdpRequest(bytes);
  if (!uri) return undefined;
  const values = new Map<string, string>();
  for (const part of uri.search.slice(1).split('&')) {
    const cut = part.indexOf('=');
    const name = part.slice(0, cut);
    if (cut < 1 || values.has(name)) return undefined;
    values.set(name, part.slice(cut + 1));
  }
  const [ts = '', id = '', un, cn = '', sig = ''] = ['ts', 'id', 'un', 'cn', 'sig'].map(name => values.get(name));
  if (!/^\d{1,15}$/.test(ts) || !/^\d{1,20}$/.test(id) || un === undefined || !/^[0-9a-f]{40}$/i.test(sig))
    return undefined;
  return { authority: uri.host, ts: Number(ts), id, un, cn, sig };
}

/** TR-069 Annex G: HMAC-SHA1 over ts, id, un and cn as written in the URI or decoded; compared in constant time. */
export function isSignedBy(request: UdpRequest, username: string, password: string): boolean {
  const { ts, id, un, cn, sig } = request;
  const given = Buffer.from(sig, 'hex');
  const forms = [
    [un, cn],
    [decoded(un), decoded(cn)],
  ] as const;
  const hits = forms.map(([name, nonce]) => {
    const good = timingSafeEqual(signatureOf(password, String(ts), id, name, nonce), given);
    return good && name === username;
  });
  return hits.includes(true);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that means itself.
    return text;
  }
}
