// A call whose dialog exists: requests inside it, its end, its session timer, its numbers.
// outgoing.ts and incoming.ts bring calls to this point.
import { acceptRequest, repeatUntilAcknowledged } from '../../../shared/sip/dialog.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { MediaSession } from '../media/media.ts';
import type { CallStats, Leg } from './call.ts';
import { type DialogSide, requestInDialog } from './dialog-requests.ts';
import { allowed } from './replies.ts';
import { NegotiatedSession, type SessionParts } from './session.ts';
import { SessionRefresh } from './session-refresh.ts';

type Response = ReturnType<ServerTransaction['respond']>;

export interface LegParts extends DialogSide, SessionParts {
  direction: 'in' | 'out';
  /** The INVITE and the 2xx of an incoming call: the 2xx is repeated until its ACK. */
  answered?: { transaction: ServerTransaction; response: Response };
}

/** Registers the call with its context and starts its media. */
export function startLeg(parts: LegParts): Leg {
  const leg = new CallLeg(parts);
  leg.start(parts);
  return leg;
}

class CallLeg implements Leg {
  readonly direction: 'in' | 'out';
  readonly user: string;
  readonly peer: string;
  readonly ended: Promise<{ reason: string }>;
  readonly #side: DialogSide;
  readonly #media: MediaSession;
  readonly #session: NegotiatedSession;
  readonly #refresh: SessionRefresh;
  #state: 'up' | 'ended' = 'up';
  /** The numbers at the end of the call. */
  #final: CallStats | undefined;
  #resolveEnded: (end: { reason: string }) => void = () => undefined;
  /** Stops the repetition of our last 2xx. */
  #acknowledged = (): void => undefined;

  constructor(parts: LegParts) {
    this.direction = parts.direction;
    this.user = parts.user;
    this.peer = parts.dialog.remote;
    this.ended = new Promise(resolve => {
      this.#resolveEnded = resolve;
    });
    this.#side = parts;
    this.#media = parts.media;
    this.#session = new NegotiatedSession(parts, parts);
    this.#refresh = new SessionRefresh(parts.context.clock, parts.timer, {
      refresh: () => this.#refreshNow(),
      expire: () => this.#hangupLater('the session was not refreshed'),
    });
  }

  get state(): 'up' | 'ended' {
    return this.#state;
  }

  start({ answered }: LegParts): void {
    const { context, dialog } = this.#side;
    context.legs.set(dialog.key, this);
    if (answered) this.#repeat(answered.transaction, answered.response);
    this.#media.apply(this.#session.parameters);
    this.#refresh.arm();
    const { suite, remote } = this.stats();
    const { user, peer, direction } = this;
    context.log.info('call up', { user, peer, direction, suite, remote });
  }

  hangup(): Promise<void> {
    return this.#hangup('hung up');
  }

  drop(): Promise<void> {
    return this.#end('the unit stopped', true);
  }

  stats(): CallStats {
    return this.#final ?? currentStats(this.#media, this.#session);
  }

  onAck(): void {
    this.#acknowledged();
  }

  onRequest(transaction: ServerTransaction): void {
    const { request } = transaction;
    const { method } = request;
    if (this.#state === 'ended') return void transaction.respond(481);
    // RFC 3261 12.2.2
    if (!acceptRequest(this.#side.dialog, request)) return void transaction.respond(500);
    if (method === 'BYE') {
      transaction.respond(200);
      this.#unawaited(this.#end('the peer hung up'));
    } else if (method === 'INVITE' || method === 'UPDATE') this.#change(transaction);
    else if (method === 'REFER') transaction.respond(603);
    else if (method === 'NOTIFY' || method === 'OPTIONS') transaction.respond(200);
    else transaction.respond(405, undefined, { headers: [['Allow', allowed]] });
  }

  #change(transaction: ServerTransaction): void {
    const response = this.#session.answer(transaction);
    if (!response) return;
    this.#refresh.arm();
    if (transaction.request.method === 'INVITE') this.#repeat(transaction, response);
  }

  #repeat(transaction: ServerTransaction, response: Response): void {
    this.#acknowledged();
    this.#acknowledged = repeatUntilAcknowledged(transaction, response, this.#side.context.clock, () =>
      this.#hangupLater('the answer was never acknowledged'),
    );
  }

  /** The unit refreshes by re-INVITE with an unchanged session (DGW `SessionRefreshRequestMethod`). */
  #refreshNow(): void {
    requestInDialog(this.#side, 'INVITE', this.#session.localSdp)
      .then(outcome => {
        if (this.#state === 'ended') return;
        const status = outcome?.response.status ?? 408;
        if (status === 408 || status === 481) this.#hangupLater(`refresh answered ${status}`);
        else this.#refresh.arm();
      })
      .catch((error: unknown) => this.#side.context.log.error('session refresh failed', { error }));
  }

  async #hangup(reason: string): Promise<void> {
    if (this.#state === 'ended') return;
    const done = this.#end(reason);
    await requestInDialog(this.#side, 'BYE');
    await done;
  }

  #hangupLater(reason: string): void {
    this.#unawaited(this.#hangup(reason));
  }

  #unawaited(end: Promise<void>): void {
    end.catch((error: unknown) => this.#side.context.log.error('call end failed', { error }));
  }

  async #end(reason: string, silent = false): Promise<void> {
    if (this.#state === 'ended') return;
    const { context, dialog } = this.#side;
    this.#final = this.stats();
    this.#state = 'ended';
    context.legs.delete(dialog.key);
    this.#refresh.stop();
    this.#acknowledged();
    context.log.info('call ended', { user: this.user, peer: this.peer, reason, ...this.#final });
    await this.#media.stop(silent);
    this.#resolveEnded({ reason });
  }
}

function currentStats(media: MediaSession, { parameters }: NegotiatedSession): CallStats {
  const { sent, received, authFailures, replays, tone } = media.stats();
  const { address, port } = parameters.remote;
  const suite = parameters.keys?.send.suite ?? 'none';
  const numbers = { sent, received, authFailures, replays, suite, remote: `${address}:${port}` };
  return tone === undefined ? numbers : { ...numbers, tone };
}
