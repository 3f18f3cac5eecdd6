// The sessions that this process has claimed: at most one a device, and what other parts and processes want of them.
import { SessionLost } from '../common/ports.ts';

interface ClaimedSession {
  token: number;
  abandon: ((reason: string) => void) | undefined;
}

/** Claims that other processes have asked for before their sessions began here; the oldest are forgotten beyond this number. */
const MAX_YIELDED = 10_000;

export class ClaimedSessions {
  readonly #sessions = new Map<string, ClaimedSession>();
  /** Claims by device that were asked for before their sessions had begun here: they will not begin. */
  readonly #yielded = new Map<string, number>();
  /** Called when the session of a device under a claim has ended. */
  readonly #onEnd = new Map<string, (() => void)[]>();
  /** Devices in session for which there may be something new to do. */
  readonly #asked = new Set<string>();

  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  /** @throws SessionLost when another process has already asked for this claim */
  assertNotYielded(id: string, token: number): void {
    if ((this.#yielded.get(id) ?? 0) >= token) throw new SessionLost('the CPE began a new session elsewhere');
  }

  /** Ends an older session of the device. */
  begin(id: string, token: number, abandon: ClaimedSession['abandon']): void {
    this.#sessions.get(id)?.abandon?.('the CPE began a new session');
    this.#sessions.set(id, { token, abandon });
  }

  end(id: string, token: number): void {
    if (this.#sessions.get(id)?.token !== token) return;
    this.#sessions.delete(id);
    this.#asked.delete(id);
  }

  /** The session has freed its device: resolves the calls of `yieldTo` that wait for it. */
  released(id: string, token: number): void {
    for (const resolve of this.#onEnd.get(claimKey(id, token)) ?? []) resolve();
    this.#onEnd.delete(claimKey(id, token));
  }

  /** Ends the session under that claim. Resolves when it has freed the device; a session that has not begun yet will not begin. */
  async yieldTo(id: string, claim: number): Promise<void> {
    const session = this.#sessions.get(id);
    if (session?.token !== claim) return this.#noteYielded(id, claim);
    const ended = new Promise<void>(resolve => {
      const key = claimKey(id, claim);
      this.#onEnd.set(key, [...(this.#onEnd.get(key) ?? []), resolve]);
    });
    session.abandon?.('the CPE began a new session elsewhere');
    await ended;
  }

  #noteYielded(id: string, claim: number): void {
    this.#yielded.delete(id);
    this.#yielded.set(id, claim);
    if (this.#yielded.size <= MAX_YIELDED) return;
    for (const oldest of this.#yielded.keys()) return void this.#yielded.delete(oldest);
  }

  /** There may be something new to do for the device. @returns whether it is in session here, and will be asked */
  ask(id: string): boolean {
    if (this.has(id)) this.#asked.add(id);
    return this.has(id);
  }

  isAsked(id: string): boolean {
    return this.#asked.has(id);
  }

  /** @returns whether the device was asked for since the last call */
  takeAsked(id: string): boolean {
    return this.#asked.delete(id);
  }
}

const claimKey = (device: string, claim: number): string => `${claim} ${device}`;
