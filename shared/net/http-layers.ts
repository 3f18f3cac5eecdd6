// Layers around `send`: authentication, cookies, redirects. Redirects go outermost: credentials and cookies
// belong to each place in turn.
import type { Random } from '../clock.ts';
import { answerChallenge, type Challenge, chooseDigest, formatBasic, parseChallenges } from './digest.ts';
import { HttpError, type HttpRequest, type HttpResponse, type Send, targetOf } from './http-types.ts';

export interface Authentication {
  /** Asked each time; undefined where there are none, then a 401 is handed back. */
  credentials: () => { username: string; password: string } | undefined;
  random: Random;
}

interface Known {
  challenge: Challenge;
  /** One per nonce, so that a -sess key holds. */
  cnonce: string;
  nc: number;
}

/** Number of origins, cookies and moved addresses that are remembered. */
const REMEMBERED = 50;

const remember = <V>(map: Map<string, V>, key: string, value: V): void => {
  if (!map.has(key) && map.size >= REMEMBERED) map.delete(map.keys().next().value ?? '');
  map.set(key, value);
};

/**
 * Answers 401 by digest, else by basic over https only (TR-069 3.4.4), and from then on sends credentials unasked. A
 * second refusal is returned, unless the server says that only the nonce was stale (RFC 7616 3.3).
 */
export function authenticated(send: Send, { credentials, random }: Authentication): Send {
  const known = new Map<string, Known>();

  const authorize = (request: HttpRequest, entry: Known | undefined): HttpRequest => {
    const given = entry && credentials();
    if (!given) return request;
    const { challenge, cnonce } = entry;
    const { method, body } = request;
    const uri = targetOf(new URL(request.url));
    const value =
      challenge.scheme === 'basic'
        ? formatBasic(given.username, given.password)
        : answerChallenge({ challenge, ...given, method, uri, body, random, cnonce, nc: ++entry.nc });
    return { ...request, headers: { ...request.headers, Authorization: value } };
  };

  const choose = (response: HttpResponse, secure: boolean): Challenge | undefined => {
    const challenges = parseChallenges(response.headers['www-authenticate']);
    return chooseDigest(challenges) ?? (secure ? challenges.find(({ scheme }) => scheme === 'basic') : undefined);
  };

  return async request => {
    if (!URL.canParse(request.url)) return send(request);
    const { origin, protocol } = new URL(request.url);
    let response = await send(authorize(request, known.get(origin)));
    for (let round = 0; response.status === 401 && round < 2; round++) {
      const challenge = choose(response, protocol === 'https:');
      if (!challenge || !credentials()) break;
      if (round > 0 && challenge.parameters.stale?.toLowerCase() !== 'true') break;
      const entry: Known = { challenge, cnonce: random.bytes(12).toString('hex'), nc: 0 };
      remember(known, origin, entry);
      response = await send(authorize(request, entry));
    }
    if (response.status === 401) known.delete(origin);
    return response;
  };
}

const many = (value: string | string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/**
 * Keeps the cookies of one session and returns them all, to whatever host: a redirected session is still the same one,
 * and no domain is checked (TR-069 3.4.2). Make a new one for each session.
 */
export function withCookies(send: Send): Send {
  const jar = new Map<string, { value: string; secure: boolean }>();

  /** @param now the server's own time, since expiry is meant in that; 0 where it does not tell */
  const store = (text: string, now: number): void => {
    const [pair = '', ...rest] = text.split(';');
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals).trim();
    const value = pair.slice(equals + 1).trim();
    if (equals < 1 || !name || pair.length > 4096) return;
    const attributes = new Map(
      rest.map(part => {
        const [key = '', ...words] = part.split('=');
        return [key.trim().toLowerCase(), words.join('=').trim()];
      }),
    );
    const age = attributes.get('max-age');
    const expires = Date.parse(attributes.get('expires') ?? '');
    const ended = age !== undefined && age !== '' ? Number(age) <= 0 : expires <= now;
    if (ended) jar.delete(name);
    else remember(jar, name, { value, secure: attributes.has('secure') });
  };

  return async request => {
    const secure = /^https:/i.test(request.url);
    const pairs = [...jar]
      .filter(([, cookie]) => secure || !cookie.secure)
      .map(([name, { value }]) => `${name}=${value}`);
    const headers = pairs.length ? { ...request.headers, Cookie: pairs.join('; ') } : request.headers;
    const response = await send({ ...request, headers });
    const date = Date.parse(many(response.headers.date)[0] ?? '');
    for (const text of many(response.headers['set-cookie'])) store(text, Number.isNaN(date) ? 0 : date);
    return response;
  };
}

/** The same request again at the new place; 303 is no redirect of a POST in CWMP. */
const again = new Set([301, 302, 307, 308]);

/**
 * Follows redirects with the same method and body (TR-069 3.4.2), between http and https as the server likes, and continues
 * to use the new place for as long as this wrapper lives: a session, a transfer. Nothing is remembered beyond it.
 * @param limit redirects in a row; one more is an HttpError of kind `protocol`
 */
export const withRedirects =
  (limit = 5) =>
  (send: Send): Send => {
    const moved = new Map<string, string>();
    return async request => {
      let url = moved.get(request.url) ?? request.url;
      for (let round = 0; ; round++) {
        const response = await send({ ...request, url });
        const seeOther = response.status === 303 && /^(GET|HEAD)$/.test(request.method);
        if (!again.has(response.status) && !seeOther) return response;
        if (round >= limit)
          throw new HttpError('protocol', `more than ${limit} redirects in a row, the last to ${url}`);
        url = placeOf(response, url);
        if (!seeOther) remember(moved, request.url, url);
      }
    };
  };

function placeOf(response: HttpResponse, from: string): string {
  const { location } = response.headers;
  const text = many(location)[0];
  if (text === undefined) throw new HttpError('protocol', `${from} answered ${response.status} without a Location`);
  if (URL.canParse(text, from)) {
    const url = new URL(text, from);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url.href;
  }
  throw new HttpError('protocol', `${from} redirects to '${text.slice(0, 200)}', which is no http or https URL`);
}
