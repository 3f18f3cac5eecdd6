// Fax within a call: from voice to T.38 and, by an offer of the peer, back. T.38 is never encrypted: beside SRTP it must be allowed.
import { messageOf, UserError } from '../../../shared/errors.ts';
import type { Sdp } from '../../../shared/sip/sdp.ts';
import type { FaxInCall } from '../call/call.ts';
import type { DialogSide } from '../call/request-in-dialog.ts';
import type { NegotiatedSession, SessionOffer } from '../call/session.ts';
import type { T38Settings } from '../media/endpoint-media.ts';
import { type MediaPorts, openPorts } from '../media/ports.ts';
import { type FaxStream, faxAnswer, faxOffer, faxStreamOf } from './fax-sdp.ts';
import { type FaxReport, FaxSession } from './fax-session.ts';
import type { FaxPage } from './t4.ts';

/** The settings of T.38 where it is allowed: enabled, and beside SRTP only where that is set; or the reason why it is not. */
function settingsOf({ context, user }: DialogSide, { now }: NegotiatedSession): T38Settings | string {
  const { t38 } = context.mediaOf(user);
  if (!t38)
    return 'T.38 is not enabled: Mipt.DefaultCodecT38DataEnable, or Mipt.EpSpecificCodecT38 of the endpoint, is not Enable';
  const secured = context.protectionOf(user).security.mode !== 'Unsecure' || now.parameters.keys !== undefined;
  if (secured && !t38.besideSrtp)
    return 'T.38 is not allowed beside SRTP: Mipt.AllowUnsecureT38WithSrtp is not Enable, or waits for a restart of Mipt';
  return t38;
}

type Change = (next: () => SessionOffer) => Promise<void>;

/** Offers fax by a re-INVITE, and begins it with the answer. @throws CallFailed; UserError where the call has ended meanwhile */
async function offerFax(
  of: { address: string; settings: T38Settings; session: NegotiatedSession; change: Change },
  begin: (ports: MediaPorts, stream: FaxStream) => FaxSession,
): Promise<FaxSession> {
  const { session } = of;
  const ports = await openPorts(of.address, of.settings.basePort);
  let begun: FaxSession | undefined;
  try {
    await of.change(() => {
      const { local, index, localSdp } = session.nextVersion();
      const sdp = faxOffer(local, localSdp, index, ports.port);
      const settle = (answer: Sdp): string | undefined => {
        const stream = faxStreamOf(answer);
        if (!stream) return 'the answer takes no fax stream';
        begun = begin(ports, stream);
        session.pauseAudio(sdp, answer);
        return undefined;
      };
      return { sdp, settle };
    });
  } finally {
    if (!begun) await ports.close();
  }
  if (!begun) throw new UserError(409, 'fax-not-allowed', 'the call has ended');
  return begun;
}

/** The fax machine of a call: one fax at a time. */
class FaxMachine {
  readonly #side: DialogSide;
  #fax: FaxSession | undefined;
  #over = false;

  constructor(side: DialogSide) {
    this.#side = side;
  }

  get pages(): readonly FaxPage[] {
    return this.#fax?.pages ?? [];
  }

  report(): FaxReport | undefined {
    return this.#fax?.report();
  }

  begin(ports: MediaPorts, { remote, maxRate, maxDatagram }: FaxStream, { redundancy }: T38Settings): FaxSession {
    const { clock, log } = this.#side.context;
    this.stop(false);
    this.#fax = new FaxSession({ ports, remote, maxRate, maxDatagram, redundancy, clock, log });
    if (this.#over) this.stop(true);
    return this.#fax;
  }

  async run(fax: FaxSession, page?: FaxPage): Promise<FaxReport> {
    const { context, user, dialog } = this.#side;
    const report = await fax.run(page);
    context.log.info('fax ended', { user, peer: dialog.remote, ...report });
    return report;
  }

  stop(over: boolean): void {
    this.#over ||= over;
    this.#fax?.stop().catch((error: unknown) => this.#side.context.log.error('fax end failed', { error }));
  }
}

export class FaxCall implements FaxInCall {
  readonly #side: DialogSide;
  readonly #session: NegotiatedSession;
  readonly #change: Change;
  readonly #machine: FaxMachine;

  /** @param change sends the re-INVITE with an offer */
  constructor(side: DialogSide, session: NegotiatedSession, change: Change) {
    this.#side = side;
    this.#session = session;
    this.#change = change;
    this.#machine = new FaxMachine(side);
  }

  /** Pages of the last fax, sent or received. */
  get pages(): readonly FaxPage[] {
    return this.#machine.pages;
  }

  report(): FaxReport | undefined {
    return this.#machine.report();
  }

  /** The offer is one of fax, and the endpoint's settings allow it in this call. */
  takes(offer: Sdp): boolean {
    return faxStreamOf(offer) !== undefined && typeof settingsOf(this.#side, this.#session) !== 'string';
  }

  /** Answers such an offer, and receives as the called machine. */
  async answer(offer: Sdp): Promise<Sdp> {
    const settings = this.#allowed();
    const stream = faxStreamOf(offer);
    if (!stream) throw new UserError(409, 'fax-not-allowed', 'the offer has no fax stream');
    const ports = await openPorts(this.#side.context.address, settings.basePort);
    const { local } = this.#session.nextVersion();
    const answer = faxAnswer(local, offer, stream.index, ports.port);
    const fax = this.#machine.begin(ports, stream, settings);
    this.#session.pauseAudio(answer, offer);
    this.#machine.run(fax).catch((error: unknown) => this.#side.context.log.error('fax failed', { error }));
    return answer;
  }

  /** See FaxInCall.send. */
  async send(page: FaxPage): Promise<FaxReport> {
    return this.#machine.run(await this.#offer(), page);
  }

  /** Asks for T.38, once, when the calling tone of the peer's fax machine is heard, and receives. A refusal leaves the call as voice. */
  calledByTone(): void {
    const settings = settingsOf(this.#side, this.#session);
    if (this.report() || typeof settings === 'string' || !settings.onCallingTone) return;
    this.#offer()
      .then(fax => this.#machine.run(fax))
      .catch((error: unknown) => this.#side.context.log.info('fax not offered', { reason: messageOf(error) }));
  }

  /** The fax session that a re-INVITE of ours makes. @throws UserError; CallFailed */
  #offer(): Promise<FaxSession> {
    const settings = this.#allowed();
    const begin = (ports: MediaPorts, stream: FaxStream): FaxSession => this.#machine.begin(ports, stream, settings);
    const { address } = this.#side.context;
    return offerFax({ address, settings, session: this.#session, change: this.#change }, begin);
  }

  /** The call has ended, or has audio again. @param over no fax follows */
  stop(over: boolean): void {
    this.#machine.stop(over);
  }

  #allowed(): T38Settings {
    const settings = settingsOf(this.#side, this.#session);
    if (typeof settings === 'string') throw new UserError(409, 'fax-not-allowed', `fax-not-allowed: ${settings}`);
    if (this.report()?.state === 'running') throw new UserError(409, 'fax-not-allowed', 'a fax is under way');
    return settings;
  }
}
