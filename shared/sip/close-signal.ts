// The end of a flow: reported once to each listener, with the reason.
import type { Log } from '../log.ts';

export class CloseSignal {
  readonly #log: Log;
  readonly #listeners = new Set<(reason: string) => void>();
  #reason: string | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Undefined while the flow is open. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Number of listeners. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Calls every listener; does nothing the second time. */
  fire(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const listener of [...this.#listeners]) {
      try {
        listener(reason);
      } catch (error) {
        this.#log.error('SIP flow close listener failed', { error });
      }
    }
    this.#listeners.clear();
  }

  /** Calls the listener at once when the flow is closed already. Returns how to stop listening. */
  onClose(listener: (reason: string) => void): () => void {
    if (this.#reason === undefined) this.#listeners.add(listener);
    else listener(this.#reason);
    return () => void this.#listeners.delete(listener);
  }
}
