// A call once its dialog exists: what comes inside it, its end, its session timer, its numbers.
// outgoing.ts and incoming.ts bring calls to this point.
import type { Clock, Random, Timer } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { acceptRequest, buildRequest, type Dialog, repeatUntilAcknowledged } from '../../shared/sip/dialog.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { type SipRequest, SipSyntaxError } from '../../shared/sip/message.ts';
import { formatSdp, parseSdp, type Sdp, SdpError } from '../../shared/sip/sdp.ts';
import type { TransactionLayer } from '../../shared/sip/transaction.ts';
import type { Outcome, ServerTransaction } from '../../shared/sip/transaction-types.ts';
import type { Authenticator } from './auth.ts';
import { exchange } from './authenticated-request.ts';
import type { KeyManagement, MediaSecurity } from './media/keying.ts';
import type { MediaParameters, MediaPorts, MediaSession } from './media/media.ts';
import { buildAnswer, judgeOffer, type LocalSession } from './media/sdp-negotiation.ts';
import { ackFor, allowed, refuseSession } from './replies.ts';
import { type Agreement, sessionHeaders } from './session-timer.ts';

export interface CallStats {
  sent: number;
  received: number;
  authFailures: number;
  replays: number;
  /** Hz recognised in what was received lately. */
  tone?: number;
  /** SRTP suite, or `none`. */
  suite: string;
  /** Where media goes: `address:port`. */
  remote: string;
}

export interface Call {
  readonly direction: 'in' | 'out';
  /** Our account's user. */
  readonly user: string;
  /** The peer's address as in From or To. */
  readonly peer: string;
  readonly state: 'up' | 'ended';
  hangup(): Promise<void>;
  /** Never rejects. */
  readonly ended: Promise<{ reason: string }>;
  stats(): CallStats;
}

/** A call that did not come about, or whose media could not be secured. `status`: the SIP answer, 0 when none decided it. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What calls need of the user agent around them. */
export interface CallContext {
  readonly address: string;
  readonly domain: string;
  readonly userAgent: string;
  readonly security: MediaSecurity;
  readonly rtpBasePort: number;
  /** 0: one port for both (DGW `IpTransportSrtpBasePort`). */
  readonly srtpBasePort: number;
  readonly rejectCode: 415 | 488;
  readonly ringMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly layer: TransactionLayer;
  readonly keying: KeyManagement;
  /** The connection that calls go over; undefined while it is down. */
  flow(): Flow | undefined;
  /** The value of Contact. */
  contact(user: string, flow: Flow): string;
  authOf(user: string): Authenticator;
  wrongKeyManagement(): void;
  openMedia(basePort: number, ssrc: number): Promise<{ ports: MediaPorts; session: MediaSession }>;
  readonly legs: Map<string, Leg>;
}

export interface Leg {
  readonly call: Call;
  onRequest(transaction: ServerTransaction): void;
  onAck(ack: SipRequest): void;
  /** Ends it without a word to the peer. */
  drop(): Promise<void>;
}

export interface LegParts {
  context: CallContext;
  direction: 'in' | 'out';
  user: string;
  dialog: Dialog;
  media: MediaSession;
  /** The local port of the media. */
  port: number;
  ssrc: number;
  parameters: MediaParameters;
  local: LocalSession;
  /** Our SDP and the peer's, as they stand. */
  localSdp: Sdp;
  remoteSdp: Sdp;
  timer: Agreement | undefined;
  /** Of a call that came in: the 2xx is repeated until its ACK. */
  answered?: { transaction: ServerTransaction; response: Parameters<ServerTransaction['send']>[0] };
}

/** The body of a request as a session description; undefined where it has none or one that cannot be read. */
export function sdpOf(request: SipRequest): Sdp | undefined {
  const type = (request.headers.get('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (request.body.length === 0 || type !== 'application/sdp') return undefined;
  try {
    return parseSdp(request.body);
  } catch (error) {
    if (error instanceof SdpError) return undefined;
    throw error;
  }
}

export function startLeg(parts: LegParts): Leg {
  const { context, dialog, media, user } = parts;
  const { clock, log, layer, legs } = context;
  let { parameters, localSdp, remoteSdp } = parts;
  const local = { ...parts.local };
  let state: Call['state'] = 'up';
  let final: CallStats | undefined;
  let refresh: Timer | undefined;
  let resolveEnded: (end: { reason: string }) => void = () => undefined;
  const ended = new Promise<{ reason: string }>(resolve => {
    resolveEnded = resolve;
  });
  /** Stops the repetition of our last 2xx. */
  let acknowledged = (): void => undefined;

  const stats = (): CallStats => {
    if (final) return final;
    const { sent, received, authFailures, replays, tone } = media.stats();
    const { address, port } = parameters.remote;
    const suite = parameters.keys?.send.suite ?? 'none';
    const numbers = { sent, received, authFailures, replays, suite, remote: `${address}:${port}` };
    return tone === undefined ? numbers : { ...numbers, tone };
  };

  const end = async (reason: string, silent = false): Promise<void> => {
    if (state === 'ended') return;
    final = stats();
    state = 'ended';
    legs.delete(dialog.key);
    refresh?.cancel();
    acknowledged();
    log.info('call ended', { user, peer: dialog.remote, reason, ...final });
    await media.stop(silent);
    resolveEnded({ reason });
  };
  const endSoon = (reason: string): void => {
    end(reason).catch((error: unknown) => log.error('a call did not end cleanly', { error }));
  };

  /** Sends a request inside the dialog over whatever connection there is now; undefined without one. */
  const ask = async (method: string, sdp?: Sdp): Promise<(Outcome & { request: SipRequest }) | undefined> => {
    const flow = context.flow();
    if (!flow) return undefined;
    try {
      const request = buildRequest(dialog, method, {
        headers: [
          ...(method === 'BYE' ? [] : [['Contact', context.contact(user, flow)] as const]),
          ...(method === 'INVITE' ? sessionHeaders(parts.timer) : []),
          ['User-Agent', context.userAgent],
        ],
        ...(sdp ? { body: formatSdp(sdp), contentType: 'application/sdp' } : {}),
      });
      const outcome = await exchange(layer, flow, request, context.authOf(user), {
        onResponse: (response, sent) => {
          if (method === 'INVITE' && response.status >= 200 && response.status < 300) sendAck(flow, sent);
        },
      });
      dialog.localSequence = Math.max(
        dialog.localSequence,
        Number.parseInt(outcome.request.headers.get('CSeq') ?? '0', 10),
      );
      return outcome;
    } catch (error) {
      // The peer's Contact or Record-Route cannot be written into a request.
      if (!(error instanceof SipSyntaxError)) throw error;
      log.warn('a request inside the call could not be sent', { method, reason: error.message });
      return undefined;
    }
  };
  const sendAck = (flow: Flow, invite: SipRequest): void => {
    layer.send(flow, ackFor(dialog, invite, context.userAgent));
  };

  const hangup = async (reason: string): Promise<void> => {
    if (state === 'ended') return;
    const done = end(reason);
    await ask('BYE');
    await done;
  };
  const hangupSoon = (reason: string): void => {
    hangup(reason).catch((error: unknown) => log.error('a call did not end cleanly', { error }));
  };

  /** RFC 4028 7.2, 10: refresh at half time, or hang up when the peer's refresh does not come. */
  const armTimer = (): void => {
    refresh?.cancel();
    const timer = parts.timer;
    if (!timer || state === 'ended') return;
    if (timer.weRefresh) refresh = clock.after(500 * timer.seconds, refreshNow);
    else {
      const early = Math.min(32, timer.seconds / 3);
      refresh = clock.after(1000 * (timer.seconds - early), () => hangupSoon('the session was not refreshed'));
    }
  };
  const refreshNow = (): void => {
    // The unit's own method of refresh is re-INVITE with an unchanged session (DGW `SessionRefreshRequestMethod`).
    ask('INVITE', localSdp)
      .then(outcome => {
        if (state === 'ended') return;
        const status = outcome?.response.status ?? 408;
        if (status === 408 || status === 481) hangupSoon(`refresh answered ${status}`);
        else armTimer();
      })
      .catch((error: unknown) => log.error('a session refresh failed', { error }));
  };

  const acceptSession = (transaction: ServerTransaction): void => {
    const { request } = transaction;
    const headers: [string, string][] = [
      ['Contact', context.contact(user, transaction.flow)],
      ['Allow', allowed],
      ...sessionHeaders(parts.timer, true),
      ['User-Agent', context.userAgent],
    ];
    // An UPDATE without SDP only refreshes; an INVITE without one asks what we have (its answer comes in the ACK, unchanged).
    const withSdp = request.method === 'INVITE' || request.body.length > 0;
    const body = withSdp ? { body: formatSdp(localSdp), contentType: 'application/sdp' } : {};
    const response = transaction.respond(200, undefined, { headers, ...body });
    armTimer();
    if (request.method !== 'INVITE') return;
    acknowledged();
    acknowledged = repeatUntilAcknowledged(transaction, response, clock, () =>
      hangupSoon('the answer was never acknowledged'),
    );
  };

  /** A re-INVITE or UPDATE: hold, resume, new address, new keys (DGW `SessionUpdateCryptoMode` Regenerate). */
  const change = (transaction: ServerTransaction): void => {
    const { request } = transaction;
    if (request.body.length === 0) {
      acceptSession(transaction);
      return;
    }
    const offer = sdpOf(request);
    if (!offer) {
      refuseSession(transaction, context, 'the session description cannot be read');
      return;
    }
    const judged = judgeOffer(offer, context.security, context.keying, parts.ssrc);
    if (!judged.ok) {
      if (judged.wrongKeyManagement) context.wrongKeyManagement();
      refuseSession(transaction, context, judged.reason, judged.wrongKeyManagement);
      return;
    }
    // RFC 3264 8: the same version is the same session; a refresh changes nothing, keys included.
    const same =
      offer.origin.sessionId === remoteSdp.origin.sessionId && offer.origin.version === remoteSdp.origin.version;
    if (!same) {
      local.version += 1;
      localSdp = buildAnswer(local, offer, judged.chosen, parts.port);
      remoteSdp = offer;
      parameters = judged.chosen.parameters;
      media.apply(parameters);
      log.info('call changed', { user, peer: dialog.remote, sending: parameters.sending });
    }
    acceptSession(transaction);
  };

  const onRequest = (transaction: ServerTransaction): void => {
    const { request } = transaction;
    if (state === 'ended') return void transaction.respond(481);
    // RFC 3261 12.2.2
    if (!acceptRequest(dialog, request)) return void transaction.respond(500);
    if (request.method === 'BYE') {
      transaction.respond(200);
      endSoon('the peer hung up');
    } else if (request.method === 'INVITE' || request.method === 'UPDATE') change(transaction);
    else if (request.method === 'REFER') transaction.respond(603);
    else if (request.method === 'NOTIFY' || request.method === 'OPTIONS') transaction.respond(200);
    else transaction.respond(405, undefined, { headers: [['Allow', allowed]] });
  };

  const call: Call = {
    direction: parts.direction,
    user,
    peer: dialog.remote,
    get state() {
      return state;
    },
    hangup: () => hangup('hung up'),
    ended,
    stats,
  };
  const leg: Leg = { call, onRequest, onAck: () => acknowledged(), drop: () => end('the unit stopped', true) };
  legs.set(dialog.key, leg);
  if (parts.answered) {
    const { transaction, response } = parts.answered;
    acknowledged = repeatUntilAcknowledged(transaction, response, clock, () =>
      hangupSoon('the answer was never acknowledged'),
    );
  }
  media.apply(parameters);
  armTimer();
  const { suite, remote } = stats();
  log.info('call up', { user, peer: dialog.remote, direction: parts.direction, suite, remote });
  return leg;
}
