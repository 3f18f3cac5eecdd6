// Short numbers for the calls of a unit, by their Call-IDs: from 1 in the order in which their first messages are sent or come.
import type { SipTap } from '../../shared/sip/flow-types.ts';

const MAX_NUMBERS = 1000;

export class CallNumbers {
  /** Those of the last calls, and of the calls that last. */
  readonly #numbers = new Map<string, number>();
  readonly #live: () => ReadonlySet<string>;
  #last = 0;

  /** @param live the Call-IDs of the calls there are: these keep their numbers */
  constructor(live: () => ReadonlySet<string>) {
    this.#live = live;
  }

  of(callId: string): number {
    const known = this.#numbers.get(callId);
    if (known !== undefined) return known;
    this.#numbers.set(callId, ++this.#last);
    if (this.#numbers.size > MAX_NUMBERS) this.#forgetOldest();
    return this.#last;
  }

  /** Numbers each call by its first INVITE, also one that is refused, and hands the messages on. */
  tap(next: SipTap | undefined): SipTap {
    return (direction, message, bytes, flow) => {
      if ('method' in message && message.method === 'INVITE') this.of(message.headers.get('Call-ID') ?? '');
      next?.(direction, message, bytes, flow);
    };
  }

  #forgetOldest(): void {
    const live = this.#live();
    for (const callId of this.#numbers.keys()) if (!live.has(callId)) return void this.#numbers.delete(callId);
  }
}
