// A call whose dialog exists. outgoing.ts and incoming.ts bring calls to this point.
import type { SipResponse } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { MediaSession } from '../media/media.ts';
import type { CallStats, HoldState, Leg } from './call.ts';
import { InDialogRequests } from './in-dialog-requests.ts';
import { CallLifetime } from './lifetime.ts';
import type { DialogSide } from './request-in-dialog.ts';
import { NegotiatedSession, type SessionParts } from './session.ts';

interface LegParts extends DialogSide, SessionParts {
  direction: 'in' | 'out';
  /** The INVITE and the 2xx of an incoming call: the 2xx is repeated until its ACK. */
  answered?: { transaction: ServerTransaction; response: SipResponse };
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
  readonly #side: DialogSide;
  readonly #lifetime: CallLifetime;
  readonly #requests: InDialogRequests;
  readonly #session: NegotiatedSession;

  constructor(parts: LegParts) {
    this.direction = parts.direction;
    this.user = parts.user;
    this.peer = parts.dialog.remote;
    this.#side = parts;
    const session = new NegotiatedSession(parts, parts);
    this.#session = session;
    this.#lifetime = new CallLifetime(parts, parts.media, {
      stats: () => currentStats(parts.media, session),
      onEnd: () => this.#requests.stop(),
    });
    this.#requests = new InDialogRequests(parts, session, this.#lifetime, parts.direction === 'out');
  }

  get state(): 'up' | 'ended' {
    return this.#lifetime.state;
  }

  get ended(): Promise<{ reason: string }> {
    return this.#lifetime.ended;
  }

  get held(): HoldState {
    return this.#session.hold;
  }

  /** Registers the call with its context and starts its media. */
  start({ answered, media, parameters }: LegParts): void {
    const { context, dialog } = this.#side;
    context.legs.set(dialog.key, this);
    if (answered) this.#requests.repeat(answered.transaction, answered.response);
    media.apply(parameters);
    this.#requests.armRefresh();
    const { suite, remote } = this.stats();
    const { user, peer, direction } = this;
    context.log.info('call up', { user, peer, direction, suite, remote });
  }

  hangup(): Promise<void> {
    return this.#lifetime.hangup('hung up');
  }

  hold(): Promise<void> {
    return this.#requests.hold(true);
  }

  resume(): Promise<void> {
    return this.#requests.hold(false);
  }

  drop(): Promise<void> {
    return this.#lifetime.end('the unit stopped', true);
  }

  stats(): CallStats {
    return this.#lifetime.stats();
  }

  onAck(): void {
    this.#requests.acknowledged();
  }

  onRequest(transaction: ServerTransaction): void {
    this.#requests.take(transaction);
  }
}

function currentStats(media: MediaSession, { parameters }: NegotiatedSession): CallStats {
  const { sent, received, authFailures, replays, tone } = media.stats();
  const { address, port } = parameters.remote;
  const suite = parameters.keys?.send.suite ?? 'none';
  const numbers = { sent, received, authFailures, replays, suite, remote: `${address}:${port}` };
  return tone === undefined ? numbers : { ...numbers, tone };
}
