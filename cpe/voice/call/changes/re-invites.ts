// The INVITEs that this side sends inside a call: one at a time, in either direction (RFC 3261 14.1).
import { sleepOrAbort } from '../../../../shared/abort.ts';
import type { Sdp } from '../../../../shared/sip/sdp.ts';
import { CallFailed } from '../call.ts';
import { type DialogSide, requestInDialog } from '../request-in-dialog.ts';
import { sdpParts } from '../sdp-body.ts';

type Answered = Awaited<ReturnType<typeof requestInDialog>>;

export class ReInvites {
  readonly #side: DialogSide;
  readonly #ownsCallId: boolean;
  readonly #whenFree: () => Promise<void>;
  readonly #over = new AbortController();
  #turn: Promise<void> = Promise.resolve();
  #asking = false;

  /**
   * @param ownsCallId this side made the call, and waits longer after 491
   * @param whenFree resolves when no INVITE of the peer is open
   */
  constructor(side: DialogSide, ownsCallId: boolean, whenFree: () => Promise<void>) {
    this.#side = side;
    this.#ownsCallId = ownsCallId;
    this.#whenFree = whenFree;
  }

  /** An offer of ours waits for its answer: the peer's is answered 491. */
  get asking(): boolean {
    return this.#asking;
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Does the work when what was asked for before is done. */
  inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Sends one, in turn. @throws CallFailed when the call is over */
  async send(sdp: Sdp): Promise<Answered> {
    await this.#whenFree();
    if (this.isOver) throw new CallFailed(481, 'the call has ended');
    this.#asking = true;
    return requestInDialog(this.#side, 'INVITE', sdpParts(sdp)).finally(() => {
      this.#asking = false;
    });
  }

  /** The wait after 491: 2.1 to 4 s for the owner of the Call-ID, up to 2 s for the other side. */
  pause(): Promise<void> {
    const { clock, random } = this.#side.context;
    const ms = 10 * (this.#ownsCallId ? random.int(210, 400) : random.int(0, 200));
    return sleepOrAbort(clock, ms, this.#over.signal);
  }

  /** The call is over. */
  stop(): void {
    this.#over.abort();
  }
}
