// Requests of the gatekeeper to endpoints (URQ, IRQ): sent again once, and answered in a bounded time or not at all.
import type { Clock, Timer } from '../../../shared/clock.ts';
import type { RasMessage } from '../messages.ts';
import { encodeRas } from '../ras.ts';
import type { RasChannel } from '../transport/channel.ts';

interface OpenRequest {
  channel: RasChannel;
  finish: (answer: RasMessage | undefined) => void;
}

/** Time for an answer; then the request is sent again, and after the same time it is over. */
const ANSWER_MS = 1500;
const SENDINGS = 2;
const MAX_NUMBER = 65_535;

export class OwnRequests {
  readonly #clock: Clock;
  readonly #open = new Map<number, OpenRequest>();
  #number = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns the answer; undefined without one, and where there are too many requests already */
  ask(channel: RasChannel, make: (requestSeqNum: number) => RasMessage): Promise<RasMessage | undefined> {
    const number = this.#freeNumber();
    if (number === undefined) return Promise.resolve(undefined);
    return new Promise(resolve => {
      const bytes = encodeRas(make(number));
      let timer: Timer;
      const finish = (answer: RasMessage | undefined): void => {
        timer.cancel();
        this.#open.delete(number);
        resolve(answer);
      };
      const send = (left: number): void => {
        channel.send(bytes);
        timer = this.#clock.after(ANSWER_MS, () =>
          left > 1 && !channel.connection ? send(left - 1) : finish(undefined),
        );
      };
      this.#open.set(number, { channel, finish });
      send(SENDINGS);
    });
  }

  /** @returns false where no request of that number is open to that peer */
  answered(number: number, answer: RasMessage, from: RasChannel): boolean {
    const request = this.#open.get(number);
    const isSamePeer = request?.channel.protocol === from.protocol && request.channel.remote.host === from.remote.host;
    if (!request || !isSamePeer) return false;
    request.finish(answer);
    return true;
  }

  stop(): void {
    for (const { finish } of this.#open.values()) finish(undefined);
  }

  #freeNumber(): number | undefined {
    for (let tries = 0; tries < 100; tries++) {
      this.#number = (this.#number % MAX_NUMBER) + 1;
      if (!this.#open.has(this.#number)) return this.#number;
    }
    return undefined;
  }
}
