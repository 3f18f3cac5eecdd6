// A call whose dialog exists. outgoing.ts and incoming.ts bring calls to this point.
import type { Dialog } from '../../../shared/sip/dialog.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import type { SipResponse } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { CallDigits } from '../media/dtmf/call-digits.ts';
import { formatInfo } from '../media/dtmf/info.ts';
import { Transferee } from '../transfer/transferee.ts';
import { Transferor } from '../transfer/transferor.ts';
import { type Call, CallFailed, type HoldState, type Leg } from './call.ts';
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
  const { context, dialog, answered, media, parameters } = parts;
  context.legs.set(dialog.key, leg);
  leg.start(answered);
  media.apply(parameters);
  const { suite, codec, remote } = leg.stats();
  const { user, peer, direction } = leg;
  context.log.info('call up', { user, peer, direction, suite, codec, remote });
  return leg;
}

/** The parts of a call that work on its dialog and its session. */
function partsOf(parts: LegParts) {
  const { context } = parts;
  const session = new NegotiatedSession(parts, parts);
  const digits = new CallDigits({
    transport: () => context.mediaOf(parts.user).dtmf.transport,
    byMedia: text => parts.media.sendDigits(text),
    bySignalling: digit => sendDigit(parts, digit),
  });
  const lifetime = new CallLifetime(parts, parts.media, {
    stats: () => digits.in(reportOf(session.now.parameters, parts.media.stats())),
    onEnd: () => {
      refresh.stop();
      invites.stop();
      answer.end();
      transferor.callEnded();
    },
  });
  const answer = new RepeatedAnswer(context.clock, () => lifetime.hangupLater('the answer was never acknowledged'));
  const invites = new ReInvites(parts, parts.direction === 'out', () => answer.whenAcknowledged());
  const onRefreshed = (): void => refresh.arm();
  const changes = new SessionChanges({ side: parts, session, lifetime, invites, onRefreshed });
  const refresh = new SessionRefresh(context.clock, () => parts.timer, {
    refresh: () => {
      changes.refresh().catch((error: unknown) => context.log.error('session refresh failed', { error }));
    },
    expire: () => lifetime.hangupLater('the session was not refreshed'),
  });
  const transferor = new Transferor(parts, () => lifetime.hangup('transferred'));
  const requests = new InDialogRequests({
    side: parts,
    session,
    lifetime,
    invites,
    answer,
    onRefreshed,
    digits,
    transferor,
    transferee: new Transferee(parts),
  });
  return { session, lifetime, answer, changes, refresh, digits, requests, transferor };
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
  readonly #parts: ReturnType<typeof partsOf>;

  constructor(parts: LegParts) {
    this.direction = parts.direction;
    this.user = parts.user;
    this.peer = parts.dialog.remote;
    this.dialog = parts.dialog;
    this.flow = parts.flow;
    this.#parts = partsOf(parts);
  }

  get callId(): string {
    return this.dialog.callId;
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

  start(answered: LegParts['answered']): void {
    if (answered) this.#parts.answer.start(answered.transaction, answered.response);
    this.#parts.refresh.arm();
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

  onAck(): void {
    this.#parts.answer.end();
  }

  onRequest(transaction: ServerTransaction): void {
    this.#parts.requests.take(transaction);
  }
}
