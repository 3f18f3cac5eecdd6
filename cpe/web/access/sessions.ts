// The sessions of people at the unit's pages: bounded in number, ended when idle, gone with the account.
import { type Random, systemRandom } from '../../../shared/clock.ts';
import { sameText } from '../../../shared/net/verifier.ts';
import { type Account, accountOf } from '../../services/aaa.ts';
import type { Unit } from '../../services/service.ts';

const MAX_SESSIONS = 32;
const IDLE_MS = 15 * 60_000;
const LONGEST_MS = 12 * 3_600_000;

export interface Session {
  readonly user: string;
  /** The proof that a form came from a page of this session. */
  readonly token: string;
  readonly begun: number;
  lastUse: number;
  /** Outcome of the last form, to be shown on the next page. */
  said?: { text: string; isError: boolean } | undefined;
}

export class Sessions {
  readonly #unit: Unit;
  /** Not the unit's own: its randomness may be one that repeats. */
  readonly #random: Random = systemRandom();
  readonly #sessions = new Map<string, Session>();

  constructor(unit: Unit) {
    this.#unit = unit;
  }

  /** @returns the secret of the cookie */
  begin(user: string): string {
    const now = this.#unit.clock.monotonic();
    this.#forgetOld(now);
    // The one that has been idle for longest makes room.
    const [oldest] = [...this.#sessions].sort(([, a], [, b]) => a.lastUse - b.lastUse);
    if (oldest && this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(oldest[0]);
    const secret = this.secret();
    this.#sessions.set(secret, { user, token: this.secret(), begun: now, lastUse: now });
    return secret;
  }

  /** The session and its account as it is now; undefined once either has ended. */
  find(secret: string | undefined): { session: Session; account: Account } | undefined {
    const session = secret === undefined ? undefined : this.#sessions.get(secret);
    if (!session || secret === undefined) return undefined;
    const now = this.#unit.clock.monotonic();
    const account = this.#isOver(session, now) ? undefined : accountOf(this.#unit, session.user);
    if (!account) {
      this.#sessions.delete(secret);
      return undefined;
    }
    session.lastUse = now;
    return { session, account };
  }

  end(secret: string | undefined): void {
    if (secret !== undefined) this.#sessions.delete(secret);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Unpredictable text. */
  secret(): string {
    return this.#random.bytes(32).toString('base64url');
  }

  #isOver({ lastUse, begun }: Session, now: number): boolean {
    return now - lastUse > IDLE_MS || now - begun > LONGEST_MS;
  }

  #forgetOld(now: number): void {
    for (const [secret, session] of this.#sessions) if (this.#isOver(session, now)) this.#sessions.delete(secret);
  }
}

export const isToken = (given: string | null, token: string): boolean => given !== null && sameText(given, token);
