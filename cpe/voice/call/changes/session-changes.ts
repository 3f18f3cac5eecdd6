// The changes of the session that this side asks for: hold, resume, refresh.
import { CallFailed } from '../call.ts';
import { needService } from '../context.ts';
import type { CallLifetime } from '../lifetime.ts';
import { type DialogSide, requestInDialog } from '../request-in-dialog.ts';
import { sdpOf } from '../sdp-body.ts';
import type { NegotiatedSession, SessionOffer } from '../session.ts';
import { agreedTimer } from '../session-timer.ts';
import type { ReInvites } from './re-invites.ts';

/** Attempts while the peer answers 491; our choice. */
const MOST_ATTEMPTS = 5;

interface ChangesOptions {
  side: DialogSide;
  session: NegotiatedSession;
  lifetime: CallLifetime;
  invites: ReInvites;
  /** The peer accepted the session once more. */
  onRefreshed: () => void;
}

export class SessionChanges {
  readonly #options: ChangesOptions;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** See Call.hold and Call.resume. */
  async hold(held: boolean): Promise<void> {
    const { side, session, invites } = this.#options;
    if (held) needService(side.context, 'hold');
    await this.change(() => (session.now.hold.byUs === held && !invites.isOver ? undefined : session.offer(held)));
  }

  /**
   * Changes the session, in turn; an offer that crosses the peer's is made again, after a pause (RFC 3261 14.1).
   * @throws CallFailed with the peer's status; the call goes on as it was
   */
  change(next: () => SessionOffer | undefined): Promise<void> {
    return this.#options.invites.inTurn(async () => {
      for (let attempt = 1; ; attempt++) {
        const offer = next();
        const status = offer ? await this.#ask(offer) : 200;
        if (status < 300) return;
        if (status !== 491 || attempt === MOST_ATTEMPTS) throw new CallFailed(status, `the peer answered ${status}`);
        await this.#options.invites.pause();
      }
    });
  }

  /** Refreshes by re-INVITE with an unchanged session, or by UPDATE without one (DGW `SessionRefreshRequestMethod`, RFC 4028 7.4). */
  refresh(): Promise<void> {
    const { side, invites, onRefreshed } = this.#options;
    return invites.inTurn(async () => {
      if (invites.isOver) return;
      const outcome = await this.#refreshed();
      const agreed = outcome?.response.status === 200 ? agreedTimer(outcome.response) : undefined;
      side.timer = agreed ?? side.timer;
      if (!this.#ends(outcome?.response.status ?? 408, 'refresh')) onRefreshed();
    });
  }

  /** A peer that refuses UPDATE after all is asked by re-INVITE, now and later. */
  async #refreshed(): Promise<Awaited<ReturnType<typeof requestInDialog>>> {
    const { side, session, invites } = this.#options;
    if (side.context.calls.timer.refresh === 'UPDATE' && side.takesUpdate) {
      const outcome = await requestInDialog(side, 'UPDATE');
      side.takesUpdate = ![405, 501].includes(outcome?.response.status ?? 0);
      if (side.takesUpdate) return outcome;
    }
    return invites.send(session.now.localSdp);
  }

  /** One re-INVITE with its answer. @throws CallFailed where the call is over, or ends by the answer */
  async #ask(offer: SessionOffer): Promise<number> {
    const { invites, lifetime, onRefreshed } = this.#options;
    const outcome = await invites.send(offer.sdp);
    const status = outcome?.response.status ?? 503;
    if (!outcome || invites.isOver) throw new CallFailed(status, 'the call has no connection');
    if (this.#ends(status, 're-INVITE')) throw new CallFailed(status, `the peer answered ${status}`);
    if (status >= 300) return status;
    const answer = sdpOf(outcome.response);
    const problem = answer ? offer.settle(answer) : 'the answer has no session description';
    if (problem !== undefined) {
      lifetime.giveUp(problem);
      throw new CallFailed(0, problem);
    }
    onRefreshed();
    return status;
  }

  /** RFC 3261 12.2.1.2: 408 and 481 say that the peer has no such call. */
  #ends(status: number, what: 'refresh' | 're-INVITE'): boolean {
    const { lifetime, invites } = this.#options;
    if (invites.isOver) return true;
    if (status !== 408 && status !== 481) return false;
    lifetime.giveUp(`${what} answered ${status}`);
    return true;
  }
}
