// The changes of the session that this side asks for: hold, resume, refresh. One INVITE at a time, in either direction
// (RFC 3261 14.1), and a new attempt after 491.
import { sleepOrAbort } from '../../../shared/abort.ts';
import type { Sdp } from '../../../shared/sip/sdp.ts';
import { CallFailed } from './call.ts';
import type { CallLifetime } from './lifetime.ts';
import { type DialogSide, requestInDialog } from './request-in-dialog.ts';
import { sdpOf } from './sdp-body.ts';
import type { NegotiatedSession, SessionOffer } from './session.ts';

/** Attempts while the peer answers 491; our choice. */
const MOST_ATTEMPTS = 5;

interface ChangesOptions {
  side: DialogSide;
  session: NegotiatedSession;
  lifetime: CallLifetime;
  /** This side made the Call-ID: it waits longer after 491 (RFC 3261 14.1). */
  ownsCallId: boolean;
  /** Resolves when the peer's INVITE, if there is one, is acknowledged. */
  whenAcknowledged: () => Promise<void>;
  /** The peer accepted the session once more. */
  onRefreshed: () => void;
}

export class SessionChanges {
  readonly #options: ChangesOptions;
  readonly #over = new AbortController();
  #turn: Promise<void> = Promise.resolve();
  #asking = false;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** An offer of ours waits for its answer: the peer's is answered 491. */
  get asking(): boolean {
    return this.#asking;
  }

  /** See Call.hold and Call.resume. */
  hold(held: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const { session } = this.#options;
      if (session.hold.byUs === held && !this.#over.signal.aborted) return;
      for (let attempt = 1; ; attempt++) {
        const status = await this.#ask(session.offer(held));
        if (status < 300) return;
        if (status !== 491 || attempt === MOST_ATTEMPTS) throw new CallFailed(status, `the peer answered ${status}`);
        await this.#pause();
      }
    });
  }

  /** Refreshes by re-INVITE with an unchanged session, as the unit does (DGW `SessionRefreshRequestMethod`). */
  refresh(): Promise<void> {
    return this.#inTurn(async () => {
      const { session, lifetime, onRefreshed } = this.#options;
      if (lifetime.state === 'ended') return;
      const outcome = await this.#invite(session.localSdp);
      const status = outcome?.response.status ?? 408;
      if (!this.#ends(status, 'refresh')) onRefreshed();
    });
  }

  /** The call is over. */
  stop(): void {
    this.#over.abort();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** One re-INVITE with its answer. @throws CallFailed where the call is over, or ends by the answer */
  async #ask(offer: SessionOffer): Promise<number> {
    const { lifetime, onRefreshed } = this.#options;
    const outcome = await this.#invite(offer.sdp);
    const status = outcome?.response.status ?? 503;
    if (!outcome || lifetime.state === 'ended') throw new CallFailed(status, 'the call has no connection');
    if (this.#ends(status, 're-INVITE')) throw new CallFailed(status, `the peer answered ${status}`);
    if (status >= 300) return status;
    const answer = sdpOf(outcome.response);
    const problem = answer ? offer.settle(answer) : 'the answer has no session description';
    if (problem !== undefined) {
      lifetime.hangupLater(problem);
      throw new CallFailed(0, problem);
    }
    onRefreshed();
    return status;
  }

  async #invite(sdp: Sdp): Promise<Awaited<ReturnType<typeof requestInDialog>>> {
    const { side, whenAcknowledged } = this.#options;
    await whenAcknowledged();
    if (this.#over.signal.aborted) throw new CallFailed(481, 'the call has ended');
    this.#asking = true;
    return requestInDialog(side, 'INVITE', sdp).finally(() => {
      this.#asking = false;
    });
  }

  /** RFC 3261 12.2.1.2: 408 and 481 say that the peer has no such call. */
  #ends(status: number, what: 'refresh' | 're-INVITE'): boolean {
    const { lifetime } = this.#options;
    if (lifetime.state === 'ended') return true;
    if (status !== 408 && status !== 481) return false;
    lifetime.hangupLater(`${what} answered ${status}`);
    return true;
  }

  /** RFC 3261 14.1: the owner of the Call-ID waits 2.1 to 4 s, the other side up to 2 s. */
  #pause(): Promise<void> {
    const { side, ownsCallId } = this.#options;
    const { clock, random } = side.context;
    const ms = 10 * (ownsCallId ? random.int(210, 400) : random.int(0, 200));
    return sleepOrAbort(clock, ms, this.#over.signal);
  }
}
