// The keys of the peer over a call: those of now, those before the last change, and packets under keys that are still to come.
import type { MediaParameters } from '../parameters.ts';
import type { SrtpReceiver, Unprotected } from '../srtp.ts';

/** Takes a packet once more, under the keys of now. */
export type Retry = (parameters: MediaParameters) => void;

/** Half a second of media may arrive before the answer that tells its keys (RFC 4567 4.1.2, RFC 4568 7.1.3). */
const MOST_EARLY = 25;
/** Longer ones are no packets of a telephone. */
const MOST_BYTES = 2048;

export class ReceivingKeys {
  readonly counts = { authFailures: 0, replays: 0, malformed: 0 };
  readonly #onFresh: () => void;
  #srtp: SrtpReceiver | undefined;
  /** Packets under the key before the last change may still be on their way. */
  #previous: SrtpReceiver | undefined;
  /** The last packets that no key has opened. */
  #early: Retry[] = [];

  /** @param onFresh the peer sends under its new keys */
  constructor(onFresh: () => void) {
    this.#onFresh = onFresh;
  }

  /** Media is plain RTP. */
  get none(): boolean {
    return this.#srtp === undefined;
  }

  /** Changes the keys; undefined for plain RTP. Packets that came before them are taken now. */
  use(srtp: SrtpReceiver | undefined, parameters: MediaParameters): void {
    this.#previous = this.#srtp;
    this.#srtp = srtp;
    const early = this.#early;
    this.#early = [];
    if (!srtp) return;
    this.counts.authFailures -= early.length;
    for (const retry of early) retry(parameters);
  }

  /** The packet inside, or undefined after counting the reason. */
  open(take: (srtp: SrtpReceiver) => Unprotected, bytes: Buffer, retry: Retry): Buffer | undefined {
    if (!this.#srtp) return bytes;
    let result = take(this.#srtp);
    if (result.ok && this.#previous) {
      this.#previous = undefined;
      this.#onFresh();
    } else if (!result.ok && this.#previous && result.reason === 'authentication') result = take(this.#previous);
    if (result.ok) return result.packet;
    if (result.reason === 'authentication') this.#fail(bytes, retry);
    else if (result.reason === 'replay') this.counts.replays++;
    else this.counts.malformed++;
    return undefined;
  }

  #fail(bytes: Buffer, retry: Retry): void {
    if (bytes.length <= MOST_BYTES) this.#early.push(retry);
    if (this.#early.length > MOST_EARLY) this.#early.shift();
    this.counts.authFailures++;
  }
}
