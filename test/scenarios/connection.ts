// HTTP of a CPE in a scenario: one connection a session, the session's cookie, and a login for a challenge.
import { seededRandom } from '../../shared/clock.ts';
import { answerChallenge, chooseDigest, formatBasic, parseChallenges } from '../../shared/net/digest.ts';
import { type RawAnswer, RawConnection } from '../support/cpe/raw-cpe.ts';

export interface HttpSettings {
  login?: { username: string; password: string };
  scheme: 'digest' | 'basic' | 'none';
  /** As behind a trusted proxy that ended TLS. */
  tls: boolean;
  cookies: boolean;
}

export class ScenarioConnection {
  readonly settings: HttpSettings = { scheme: 'digest', tls: true, cookies: true };
  readonly #url: () => string;
  #raw: RawConnection | undefined;
  #cookie: string | undefined;

  constructor(url: () => string) {
    this.#url = url;
  }

  /** A new connection, without the cookie of an earlier session. */
  async renew(): Promise<void> {
    this.close();
    this.#cookie = undefined;
    this.#raw = await RawConnection.open(this.#url());
  }

  close(): void {
    this.#raw?.close();
    this.#raw = undefined;
  }

  /** @returns undefined where the connection ends without an answer */
  async post(text: string, headers: Record<string, string>): Promise<RawAnswer | undefined> {
    if (!this.#raw || this.#raw.ended) this.#raw = await RawConnection.open(this.#url());
    try {
      return await this.#raw.request(this.#head(text, headers), text);
    } catch (error) {
      this.#raw = undefined;
      if (!/the connection ended/.test(String(error))) throw error;
      return undefined;
    }
  }

  /** Takes what an answer says of the session. */
  heed(answer: RawAnswer): void {
    this.#cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? this.#cookie;
  }

  /** The Authorization that answers a challenge; undefined where there is none, or no login. */
  authorization({ status, headers }: RawAnswer): string | undefined {
    const { login, scheme } = this.settings;
    if (status !== 401 || !login || scheme === 'none') return undefined;
    if (scheme === 'basic') return formatBasic(login.username, login.password);
    const challenge = chooseDigest(parseChallenges(headers.get('www-authenticate')?.split('\n') ?? []));
    if (!challenge) throw new Error('no digest challenge');
    return answerChallenge({ ...login, challenge, method: 'POST', uri: '/', random: seededRandom(1), nc: 1 });
  }

  #head(text: string, headers: Record<string, string>): string[] {
    const { tls, cookies } = this.settings;
    return [
      'POST / HTTP/1.1',
      `Host: ${new URL(this.#url()).host}`,
      'Content-Type: text/xml; charset="utf-8"',
      `Content-Length: ${Buffer.byteLength(text)}`,
      ...(tls ? ['X-Forwarded-Proto: https'] : []),
      ...(this.#cookie !== undefined && cookies ? [`Cookie: ${this.#cookie}`] : []),
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
  }
}
