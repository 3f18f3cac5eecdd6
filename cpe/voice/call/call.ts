// A call as its users see it, and as the requests inside its dialog reach it.
import type { Dialog } from '../../../shared/sip/dialog.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import type { SipRequest, SipResponse } from '../../../shared/sip/message.ts';
import type { Outcome, ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { FaxReport } from '../fax/fax-session.ts';
import type { FaxPage } from '../fax/t4.ts';
import type { CallReport } from './report.ts';

/** The sides that have put the call on hold: each may, and both. */
export interface HoldState {
  readonly byUs: boolean;
  readonly byPeer: boolean;
}

export interface FaxInCall {
  /**
   * Changes the call to T.38 and sends a page; resolves at the end of the fax, good or bad. The call stays up, without audio.
   * @throws UserError where T.38 is not allowed; CallFailed where the peer refuses it, and the call stays as it was
   */
  send(page: FaxPage): Promise<FaxReport>;
  /** Those of the last fax, sent or received. */
  readonly pages: readonly FaxPage[];
}

export interface Call {
  readonly dialog: Pick<Dialog, 'callId'>;
  readonly direction: 'in' | 'out';
  /** Our account's user. */
  readonly user: string;
  /** The peer's address as in From or To. */
  readonly peer: string;
  readonly state: 'up' | 'ended';
  readonly held: HoldState;
  hangup(): Promise<void>;
  /**
   * Puts the peer on hold by re-INVITE (RFC 3264 8.4), with the unit's settings of hold; does nothing where it is.
   * @throws CallFailed with the peer's status; the call stays as it was
   */
  hold(): Promise<void>;
  /** Ends our hold; see `hold`. */
  resume(): Promise<void>;
  /**
   * Blind transfer (RFC 3515): the peer is asked to call `to`, and this call is hung up when it has reached it.
   * @param to as for SipUserAgent.call
   * @throws CallFailed with the peer's status, or that of its attempt; this call stays up
   */
  transfer(to: string): Promise<void>;
  /** Attended transfer: the peer is asked to take our place in `other` (RFC 3891), a call of the same gateway; see `transfer`. */
  transferTo(other: Call): Promise<void>;
  /** Port of its media at the unit. */
  readonly localPort: number;
  /** Never rejects. */
  readonly ended: Promise<{ reason: string }>;
  stats(): CallReport;
  /**
   * Sends DTMF digits as the endpoint is set to.
   * @throws UserError for other characters than 0-9 * # A-D, or more than 64
   */
  sendDigits(digits: string): Promise<void>;
  readonly fax: FaxInCall;
}

export interface PlaceOptions {
  /** Ends the attempt, by CANCEL while it rings. */
  signal?: AbortSignal;
  /** Further headers of the INVITE: Replaces, Referred-By. */
  headers?: readonly (readonly [name: string, value: string])[];
  /** Receives the Call-ID of each INVITE before it is sent: another target, or a redirection, has one of its own. */
  onInvite?: (callId: string) => void;
  /** Receives the provisional responses. */
  onProgress?: (response: SipResponse) => void;
}

export interface Leg extends Call {
  /** The connection that the call was made over. */
  readonly flow: Flow;
  readonly dialog: Dialog;
  hangup(reason?: string): Promise<void>;
  onRequest(transaction: ServerTransaction): void;
  onAck(ack: SipRequest): void;
  /** Ends the call and sends nothing to the peer. */
  drop(): Promise<void>;
}

/** The rest of a call that has ended: a subscription inside its dialog (RFC 5057 4). */
export interface Remains {
  take(transaction: ServerTransaction): void;
  stop(): void;
}

/** A call that did not come about, could not be changed, or whose media could not be secured. `status`: the SIP answer, 0 when none decided it. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly status: number;
  /** Present where no answer came. */
  readonly silence: Outcome['cause'];

  constructor(status: number, message: string, silence?: Outcome['cause']) {
    super(message);
    this.status = status;
    this.silence = silence;
  }
}
