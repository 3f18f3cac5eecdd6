// Sessions of the manager's pages: a few, ended by time, each with its token against forged forms and its last command.
import type { Clock, Random } from '../../shared/clock.ts';

export interface WantedCommand {
  name: string;
  /** Values by the long names of the options; undefined where an option takes none. */
  options: Readonly<Record<string, string | undefined>>;
}

export interface LastCommand {
  /** Its line, codes as stars. */
  readonly shown: string;
  readonly lines: string[];
  /** Undefined while it is carried out or a question is open. */
  exit?: number;
  /** The shell's question before it does this. */
  question?: { text: string; wanted: WantedCommand & { page: string } };
}

export interface Session {
  /** Stands in every form. */
  readonly formToken: string;
  readonly opened: number;
  used: number;
  last?: LastCommand;
}

const MAX_SESSIONS = 16;
const IDLE_MS = 30 * 60_000;
const LONGEST_MS = 12 * 3_600_000;
const TOKEN_BYTES = 32;

export class Sessions {
  readonly #clock: Clock;
  readonly #random: Random;
  /** By their secret, the one used last at the end. */
  readonly #open = new Map<string, Session>();

  constructor({ clock, random }: { clock: Clock; random: Random }) {
    this.#clock = clock;
    this.#random = random;
  }

  /** @returns the secret of a new session; the one that was not used for longest makes way for it */
  open(): string {
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_SESSIONS && oldest !== undefined) this.#open.delete(oldest);
    const now = this.#clock.monotonic();
    const secret = this.#token();
    this.#open.set(secret, { formToken: this.#token(), opened: now, used: now });
    return secret;
  }

  /** The session, which counts as used now. */
  use(secret: string): Session | undefined {
    const session = this.#open.get(secret);
    if (!session) return undefined;
    const now = this.#clock.monotonic();
    this.#open.delete(secret);
    if (now - session.used > IDLE_MS || now - session.opened > LONGEST_MS) return undefined;
    session.used = now;
    this.#open.set(secret, session);
    return session;
  }

  close(secret: string): void {
    this.#open.delete(secret);
  }

  #token(): string {
    return this.#random.bytes(TOKEN_BYTES).toString('base64url');
  }
}
