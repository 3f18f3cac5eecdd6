// A call whose dialog exists. outgoing.ts and incoming.ts bring calls to this point.
import type { Dialog } from '../../../shared/sip/dialog.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import type { SipRequest, SipResponse } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { FaxCall } from '../fax/fax-call.ts';
import { CallDigits } from '../media/dtmf/call-digits.ts';
import { formatInfo } from '../media/dtmf/info.ts';
import { Transferee } from '../transfer/transferee.ts';
import { Transferor } from '../transfer/transferor.ts';
import { type Call, CallFailed, type FaxInCall, type HoldState, type Leg } from './call.ts';
import { PeerChanges } from './changes/peer-changes.ts';
import { ReInvites } from './changes/re-invites.ts';
import { RepeatedAnswer } from './changes/repeated-answer.ts';
import { SessionChanges } from './changes/session-changes.ts';
import { SessionRefresh } from './changes/session-refresh.ts';
import { InDialogRequests } from './in-dialog-requests.ts';
import { CallLifetime } from './lifetime.ts';
import { type CallReport, reportOf } from './report.ts';
import { type DialogSide, requestInDialog } from './request-in-dialog.ts';
import { NegotiatedSession, type SessionParts } from './session.ts';

interface LegParts extends DialogSide, SessionParts {
  direction: 'in' | 'out';
  /** The INVITE and the 2xx of an incoming call: the 2xx is repeated until its ACK. */
  answered?: { transaction: ServerTransaction; response: SipResponse };
}

/** Registers the call with its context and starts its media. */
export function startLeg(parts: LegParts): Leg {
  const leg = new CallLeg(parts);
  const { context, dialog, media, parameters } = parts;
  context.legs.set(dialog.key, leg);
  media.apply(parameters);
  const { suite, codec, remote } = leg.stats();
  const { user, peer, direction } = leg;
  context.log.info('call up', { user, peer, direction, suite, codec, remote });
  context.watch?.up(leg);
  return leg;
}

/** The parts of a call that work on its dialog and its session. */
function partsOf(parts: LegParts) {
  const { context } = parts;
  const session = new NegotiatedSession(parts, parts);
  const fax = new FaxCall(parts, session, next => changes.change(next));
  parts.media.onCallingTone(() => fax.calledByTone());
  const digits = new CallDigits({
    transport: () => context.mediaOf(parts.user).dtmf.transport,
    byMedia: text => parts.media.sendDigits(text),
    bySignalling: digit => sendDigit(parts, digit),
  });
  const lifetime = new CallLifetime(parts, parts.media, {
    stats: () => digits.in(reportOf(session.now.parameters, parts.media.stats(), fax.report())),
    onEnd: () => {
      refresh.stop();
      invites.stop();
      answer.end();
      transferor.callEnded();
      fax.stop(true);
    },
  });
  const answer = new RepeatedAnswer(context.clock, () => lifetime.giveUp('the answer was never acknowledged'));
  const invites = new ReInvites(parts, parts.direction === 'out', () => answer.whenAcknowledged());
  const onRefreshed = (): void => refresh.arm();
  const changes = new SessionChanges({ side: parts, session, lifetime, invites, onRefreshed });
  const refresh = new SessionRefresh(context.clock, () => parts.timer, {
    refresh: () => {
      changes.refresh().catch((error: unknown) => context.log.error('session refresh failed', { error }));
    },
    expire: () => lifetime.giveUp('the session was not refreshed'),
  });
  const transferor = new Transferor(parts, () => lifetime.hangup('transferred'));
  const peerChanges = new PeerChanges({ side: parts, session, invites, answer, onRefreshed, fax });
  const acknowledged = (ack: SipRequest): void => {
    answer.end();
    const problem = peerChanges.acknowledged(ack);
    if (problem !== undefined) lifetime.giveUp(problem);
  };
  const requests = new InDialogRequests({
    side: parts,
    lifetime,
    changes: peerChanges,
    digits,
    transferor,
    transferee: new Transferee(parts),
  });
  if (parts.answered) answer.start(parts.answered.transaction, parts.answered.response);
  refresh.arm();
  return { session, lifetime, acknowledged, changes, digits, fax, requests, transferor };
}

async function sendDigit(side: DialogSide, digit: string): Promise<void> {
  const outcome = await requestInDialog(side, 'INFO', formatInfo(digit, side.context.calls.info));
  const status = outcome?.response.status ?? 503;
  if (status >= 300) throw new CallFailed(status, `the peer did not take the digit: ${status}`);
}

class CallLeg implements Leg {
  readonly direction: 'in' | 'out';
  readonly user: string;
  readonly peer: string;
  readonly dialog: Dialog;
  readonly flow: Flow;
  readonly localPort: number;
  readonly fax: FaxInCall;
  readonly #parts: ReturnType<typeof partsOf>;

  constructor(parts: LegParts) {
    this.direction = parts.direction;
    this.user = parts.user;
    this.peer = parts.dialog.remote;
    this.dialog = parts.dialog;
    this.flow = parts.flow;
    this.localPort = parts.port;
    this.#parts = partsOf(parts);
    this.fax = this.#parts.fax;
  }

  get state(): 'up' | 'ended' {
    return this.#parts.lifetime.state;
  }

  get ended(): Promise<{ reason: string }> {
    return this.#parts.lifetime.ended;
  }

  get held(): HoldState {
    return this.#parts.session.now.hold;
  }

  hangup(reason = 'hung up'): Promise<void> {
    return this.#parts.lifetime.hangup(reason);
  }

  hold(): Promise<void> {
    return this.#parts.changes.hold(true);
  }

  resume(): Promise<void> {
    return this.#parts.changes.hold(false);
  }

  transfer(to: string): Promise<void> {
    return this.#parts.transferor.transferTo(to);
  }

  transferTo(other: Call): Promise<void> {
    return this.#parts.transferor.transferInto(other);
  }

  drop(): Promise<void> {
    return this.#parts.lifetime.end('the unit stopped', true);
  }

  stats(): CallReport {
    return this.#parts.lifetime.stats();
  }

  sendDigits(digits: string): Promise<void> {
    return this.#parts.digits.send(digits);
  }

  onAck(ack: SipRequest): void {
    this.#parts.acknowledged(ack);
  }

  onRequest(transaction: ServerTransaction): void {
    this.#parts.requests.take(transaction);
  }
}
