// HTTP of a CPE that speaks a dialect: headers, cookies, chunks and logins as its kind has them.
import { seededRandom } from '../../../shared/clock.ts';
import { decodeEnvelope, type Envelope } from '../../../shared/cwmp/soap.ts';
import { answerChallenge, chooseDigest, parseChallenges } from '../../../shared/net/digest.ts';
import type { Dialect } from './dialects.ts';
import { type RawAnswer, RawConnection } from './raw-cpe.ts';

type Kind = Parameters<Dialect['headers']>[0];

export class DialectHttp {
  readonly #url: string;
  readonly #dialect: Dialect;
  readonly #random;
  /** Every answer of the ACS, in order. */
  readonly answers: RawAnswer[] = [];
  credentials = { username: 'enrol', password: 'factory' };
  #connection: RawConnection | undefined;
  #cookies = new Map<string, string>();
  #challenge: ReturnType<typeof chooseDigest>;

  constructor(url: string, dialect: Dialect, serial: string) {
    this.#url = url;
    this.#dialect = dialect;
    this.#random = seededRandom(serial.length + dialect.name.length);
  }

  /** Forgets the cookies of the session before. */
  begin(): void {
    this.#cookies = new Map();
  }

  end(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** @throws Error for another status than 200, 204 or a first 401 */
  async post(body: string, kind: Kind): Promise<Envelope | undefined> {
    const { login } = this.#dialect;
    let answer: RawAnswer;
    if (login === 'empty-first' && !this.#challenge) answer = await this.#once('', 'empty', false);
    else answer = await this.#once(body, kind, login === 'once' || login === 'empty-first');
    if (answer.status === 401) {
      this.#challenge = chooseDigest(parseChallenges(answer.headers.get('www-authenticate')?.split('\n')));
      answer = await this.#once(body, kind, true);
    }
    if (answer.status === 204) return undefined;
    if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
    return decodeEnvelope(answer.text);
  }

  async #once(body: string, kind: Kind, login: boolean): Promise<RawAnswer> {
    if (!this.#connection || this.#connection.ended) this.#connection = await RawConnection.open(this.#url);
    const bytes = Buffer.from(body);
    const answer = await send(this.#connection, this.#head(bytes.length, kind, login), bytes);
    this.answers.push(answer);
    for (const cookie of answer.headers.get('set-cookie')?.split('\n') ?? []) {
      const equals = cookie.indexOf('=');
      this.#cookies.set(cookie.slice(0, equals), cookie.slice(equals + 1));
    }
    if (this.#dialect.closes) this.end();
    return answer;
  }

  #head(length: number, kind: Kind, login: boolean): string[] {
    const { host, pathname: uri } = new URL(this.#url);
    const challenge = login ? this.#challenge : undefined;
    const random = this.#random;
    const proof = challenge && { challenge, ...this.credentials, method: 'POST', uri, random, nc: 1 };
    return [
      `POST ${uri} HTTP/1.1`,
      `Host: ${host}`,
      ...this.#dialect.headers(kind),
      ...cookieLine(this.#dialect.cookies, this.#cookies),
      ...(proof ? [`Authorization: ${answerChallenge(proof)}`] : []),
      ...(this.#dialect.closes ? ['Connection: close'] : []),
      this.#dialect.chunked && length > 0 ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`,
    ];
  }
}

function cookieLine(style: Dialect['cookies'], cookies: ReadonlyMap<string, string>): string[] {
  if (style === 'none' || cookies.size === 0) return [];
  const pairs = [...cookies].map(([name, rest]) => {
    const value = rest.split(';')[0] ?? '';
    if (style === 'attributes') return `${name}=${rest}`;
    return style === 'quoted' ? `${name}="${value}"; $Path="/"` : `${name}=${value}`;
  });
  return [`Cookie: ${style === 'quoted' ? '$Version="1"; ' : ''}${pairs.join('; ')}`];
}

async function send(over: RawConnection, head: string[], bytes: Buffer): Promise<RawAnswer> {
  if (head.includes('Expect: 100-continue')) {
    over.write(`${head.join('\r\n')}\r\n\r\n`);
    await over.interim();
    over.write(bytes);
    return await over.answer();
  }
  if (!head.includes('Transfer-Encoding: chunked')) return await over.request(head, bytes);
  const pieces = [bytes.subarray(0, 100), bytes.subarray(100)].filter(piece => piece.length);
  const chunks = pieces.map(piece => `${piece.length.toString(16)}\r\n${piece}\r\n`);
  return await over.request(head, `${chunks.join('')}0\r\n\r\n`);
}
