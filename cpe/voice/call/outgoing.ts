// An outgoing call (RFC 3261 13.2): media ports, offer, INVITE with its answers, and the check of the session they describe.
import { buildRequest, type Dialog, dialogOfCaller, isOverTls } from '../../../shared/sip/dialog.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import { createRequest, type SipRequest, type SipResponse, SipSyntaxError } from '../../../shared/sip/message.ts';
import { formatSdp, parseSdp, type Sdp, SdpError } from '../../../shared/sip/sdp.ts';
import type { ClientTransaction } from '../../../shared/sip/transaction-types.ts';
import { formatUri, isSips, parseNameAddr, parseUri, tagOf } from '../../../shared/sip/uri.ts';
import { exchange } from '../authenticated-request.ts';
import type { EndpointMedia } from '../media/endpoint-media.ts';
import type { MediaSession } from '../media/media.ts';
import type { MediaParameters } from '../media/parameters.ts';
import type { MediaPorts } from '../media/ports.ts';
import { buildOffer, type LocalSession, negotiateAnswer, type OfferedStream } from '../media/sdp-negotiation.ts';
import { AcknowledgedProvisionals } from '../provisional/acknowledged.ts';
import { type Call, CallFailed, type PlaceOptions } from './call.ts';
import type { CallContext } from './context.ts';
import { startLeg } from './leg.ts';
import { ackFor, allowed } from './replies.ts';
import { takesUpdate } from './request-in-dialog.ts';
import { sdpOf } from './sdp-body.ts';
import { agreedTimer, demandedMinimum, proposal } from './session-timer.ts';

/** Most time that the called side may ring. */
const RING_LIMIT_MS = 180_000;
/** Branches of one call whose early answers are kept. */
const MOST_BRANCHES = 16;
/** Redirections that one call follows. */
const MOST_REDIRECTS = 5;

interface OpenStream extends OfferedStream {
  ssrc: number;
  ports: MediaPorts;
  session: MediaSession;
}

/** Opens the streams that the security mode offers: secured, plain, or (fallback) both, preferred first. */
async function openStreams(context: CallContext, user: string): Promise<OpenStream[]> {
  const { security, keying, sharesPort, portOf } = context.protectionOf(user);
  const { mode } = security;
  const streams: OpenStream[] = [];
  const add = async (secured: boolean): Promise<void> => {
    const shared = sharesPort ? streams[0] : undefined;
    const ssrc = shared?.ssrc ?? context.random.bytes(4).readUInt32BE();
    const keys = secured ? keying.offer(ssrc) : undefined;
    const media = shared
      ? { ports: shared.ports, session: shared.session }
      : await context.openMedia(portOf(secured), ssrc);
    streams.push({ ...media, keys, ssrc, port: media.ports.port });
  };
  try {
    if (mode !== 'Unsecure') await add(true);
    if (mode !== 'Secure') await add(false);
  } catch (error) {
    await closeStreams(streams);
    throw error;
  }
  return streams;
}

async function closeStreams(streams: readonly OpenStream[], kept?: OpenStream): Promise<void> {
  const unused = new Set(streams.map(stream => stream.session));
  if (kept) unused.delete(kept.session);
  await Promise.all([...unused].map(session => session.stop()));
}

/** One attempt at a call: what its INVITE and what follows it have in common. */
interface Attempt extends PlaceOptions {
  /** Receives the first provisional response with a session description. */
  onEarly: (response: SipResponse) => void;
  context: CallContext;
  user: string;
  flow: Flow;
  /** Request-URI; a redirection changes it. */
  uri: string;
  /** To: the address that was called. */
  to: string;
}

/** @param shortest Min-SE that a 422 demanded */
function inviteFor({ context, user, uri, to, flow, headers = [] }: Attempt, offer: Sdp, shortest?: number): SipRequest {
  const { random } = context;
  return createRequest('INVITE', uri, {
    headers: [
      ['Max-Forwards', '70'],
      ['From', `${context.fromOf(user)};tag=${random.bytes(5).toString('hex')}`],
      ['To', `<${to}>`],
      ['Call-ID', random.bytes(8).toString('hex')],
      ['CSeq', `${random.int(1, 2 ** 30)} INVITE`],
      ['Allow', allowed(context, user)],
      ['Contact', context.contact(user, flow, isSips(uri))],
      ...proposal(context.calls, shortest),
      ...headers,
      ['User-Agent', context.userAgent],
    ],
    contentType: 'application/sdp',
    body: formatSdp(offer),
  });
}

interface Answered {
  dialog: Dialog;
  response: SipResponse;
  /** The first response of the branch with a session description, which is the answer (RFC 3261 13.2.1). */
  described: SipResponse;
}

/** Acknowledges each 2xx, repeated ones and those of other branches (RFC 3261 13.2.2.4). */
class Acknowledger {
  readonly #attempt: Attempt;
  /** By the To tag of the branch. */
  readonly #dialogs = new Map<string, { dialog: Dialog; ack: SipRequest }>();
  /** The answer of the branch that is used. */
  first: Answered | undefined;
  /** Why a 2xx made no dialog. */
  problem: string | undefined;
  /** The branch of such a 2xx: acknowledged, and to be ended. */
  unusable: Dialog | undefined;
  /** The first provisional responses with a session description, by the To tag. */
  readonly #early = new Map<string, SipResponse>();
  readonly #reliable: AcknowledgedProvisionals;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
    this.#reliable = new AcknowledgedProvisionals(attempt);
  }

  take(response: SipResponse, invite: SipRequest): void {
    if (response.status >= 300) return;
    const { context, flow } = this.#attempt;
    try {
      const tag = tagOf(response.headers.get('To') ?? '') ?? '';
      if (response.status < 200) {
        if (!this.#reliable.take(response, invite)) return;
        if (this.#early.has(tag) || this.#early.size >= MOST_BRANCHES || !sdpOf(response)) return;
        this.#early.set(tag, response);
        // DGW `InteropForkedProvisionalResponsesBehavior` InterpretFirst.
        if (this.#early.size === 1) this.#attempt.onEarly(response);
        return;
      }
      const { ack } = this.#dialogs.get(tag) ?? this.#open(tag, response, invite);
      context.layer.send(flow, ack);
    } catch (error) {
      // A 2xx without usable Contact or Record-Route makes no dialog.
      if (!(error instanceof SipSyntaxError)) throw error;
      this.problem = error.message;
    }
  }

  #open(tag: string, response: SipResponse, invite: SipRequest): { ack: SipRequest } {
    const { context } = this.#attempt;
    const dialog = this.#dialogOf(response, invite);
    const opened = { dialog, ack: ackFor(dialog, invite, context.userAgent) };
    this.#dialogs.set(tag, opened);
    if (dialog === this.unusable) return opened;
    if (this.first) context.log.warn('call answered by a second branch', { callId: dialog.callId });
    this.first ??= { dialog, response, described: this.#early.get(tag) ?? response };
    return opened;
  }

  /** A 2xx without a Contact that can be read, or reached, is answered at the URI that was called, so that its repetition ends. */
  #dialogOf(response: SipResponse, invite: SipRequest): Dialog {
    try {
      const dialog = dialogOfCaller(invite, response);
      parseUri(dialog.remoteTarget);
      dialog.localSequence = Math.max(dialog.localSequence, this.#reliable.sequenceOf(dialog.remoteTag));
      if (isOverTls(dialog) && this.#attempt.flow.protocol !== 'tls')
        throw new SipSyntaxError('the answer asks for TLS, which this call does not have');
      return dialog;
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      this.problem = error.message;
      this.unusable = dialogOfCaller(invite, response, invite.uri);
      return this.unusable;
    }
  }
}

function readAnswer(response: SipResponse): Sdp | string {
  try {
    return response.body.length === 0 ? 'the answer has no session description' : parseSdp(response.body);
  } catch (error) {
    if (error instanceof SdpError) return `the session description cannot be read: ${error.message}`;
    throw error;
  }
}

/**
 * Calls `target` as `user` and resolves when the call is up.
 * @param target a SIP URI, or a number or name at the unit's domain
 * @throws CallFailed with the status that ended the attempt; an AbortError after `signal`
 */
export async function placeCall(
  context: CallContext,
  user: string,
  target: string,
  options: PlaceOptions = {},
): Promise<Call> {
  const { signal } = options;
  signal?.throwIfAborted();
  const flow = context.flow();
  if (!flow) throw new CallFailed(503, 'there is no connection to the SIP server');
  const uri = context.addressOf(target);
  if (isSips(uri) && flow.protocol !== 'tls') throw new CallFailed(416, 'a sips address is called over TLS only');
  const streams = await openStreams(context, user);
  let kept: OpenStream | undefined;
  try {
    const local: LocalSession = {
      address: context.address,
      sessionId: String(context.random.bytes(4).readUInt32BE()),
      version: 1,
    };
    const media = context.mediaOf(user);
    const offer = buildOffer(local, streams, media);
    // The answer is judged once, although it may come before the 2xx.
    const judged = new Map<SipResponse, Judged>();
    const judge = (one: SipResponse): Judged => {
      const known = judged.get(one) ?? judgeResponse(context, streams, one, media);
      judged.set(one, known);
      return known;
    };
    const onEarly = (one: SipResponse): void => startEarlyMedia(context, user, judge(one));
    const attempt: Attempt = { ...options, context, user, flow, uri, to: uri, onEarly };
    const { dialog, response, described } = await invite(attempt, offer);
    if (signal?.aborted) {
      await sayBye(attempt, dialog);
      signal.throwIfAborted();
    }
    const settled = judge(described);
    if (typeof settled === 'string') {
      context.log.warn('call answer refused', { user, to: uri, reason: settled });
      await sayBye(attempt, dialog);
      throw new CallFailed(0, settled);
    }
    kept = settled.stream;
    return startLeg({
      context,
      direction: 'out',
      user,
      dialog,
      flow,
      media: kept.session,
      port: kept.port,
      ssrc: kept.ssrc,
      parameters: settled.parameters,
      index: settled.index,
      local,
      localSdp: offer,
      remoteSdp: settled.answer,
      timer: context.calls.timer.enabled ? agreedTimer(response) : undefined,
      takesUpdate: takesUpdate(response),
    });
  } catch (error) {
    if (error instanceof SipSyntaxError) throw new CallFailed(error.status, error.message);
    throw error;
  } finally {
    await closeStreams(streams, kept);
  }
}

type Judged = { stream: OpenStream; index: number; answer: Sdp; parameters: MediaParameters } | string;

/** Media before the call is answered (RFC 3960): what the peer plays is heard, and ours is played. */
function startEarlyMedia({ log }: CallContext, user: string, judged: Judged): void {
  if (typeof judged === 'string') return;
  judged.stream.session.apply(judged.parameters);
  log.info('early media started', { user, remote: judged.parameters.remote.address });
}

/** The offered stream that the 2xx takes, or the reason why none can be used. */
function judgeResponse(
  context: CallContext,
  streams: readonly OpenStream[],
  response: SipResponse,
  media: EndpointMedia,
): Judged {
  const answer = readAnswer(response);
  if (typeof answer === 'string') return answer;
  const settled = negotiateAnswer(streams, answer, media);
  if (!settled.ok) {
    if (settled.wrongKeyManagement) context.wrongKeyManagement();
    return settled.reason;
  }
  const stream = streams[settled.index];
  const { index, parameters } = settled;
  return stream ? { stream, index, answer, parameters } : 'the answer takes no stream';
}

/**
 * The address that a 301 or 302 names (RFC 3261 8.1.3.4): a sips one is not called without TLS, and nothing leads back from there. It is
 * reached through the SIP server.
 */
function redirection({ status, headers }: SipResponse, { uri: from, flow }: Attempt): string | undefined {
  if (status !== 301 && status !== 302) return undefined;
  for (const value of headers.list('Contact')) {
    try {
      const uri = parseUri(parseNameAddr(value).uri);
      delete uri.headers;
      uri.parameters.delete('method');
      if (uri.scheme === 'sips' ? flow.protocol === 'tls' : !isSips(from)) return formatUri(uri);
    } catch (error) {
      // An address of another kind, as tel:, is left to others.
      if (!(error instanceof SipSyntaxError)) throw error;
    }
  }
  return undefined;
}

async function sayBye({ context, user, flow }: Attempt, dialog: Dialog): Promise<void> {
  const bye = buildRequest(dialog, 'BYE', { headers: [['User-Agent', context.userAgent]] });
  await exchange(context.layer, flow, bye, context.authOf(user));
}

/** The INVITE until its final response; a 422 is tried once more with the time it demands (RFC 4028 7.3). */
async function invite(attempt: Attempt, offer: Sdp, shortest?: number, redirects = 0): Promise<Answered> {
  const { context, user, flow, signal } = attempt;
  const acknowledger = new Acknowledger(attempt);
  let transaction: ClientTransaction | undefined;
  const cancel = (): void => transaction?.cancel();
  const limit = context.clock.after(RING_LIMIT_MS, cancel);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const request = inviteFor(attempt, offer, shortest);
    attempt.onInvite?.(request.headers.get('Call-ID') ?? '');
    const { response, cause } = await exchange(context.layer, flow, request, context.authOf(user), {
      onStart: started => {
        transaction = started;
        if (signal?.aborted) cancel();
      },
      onResponse: (answer, sent) => {
        acknowledger.take(answer, sent);
        if (answer.status < 200) attempt.onProgress?.(answer);
      },
    });
    if (acknowledger.unusable) await sayBye(attempt, acknowledger.unusable);
    if (acknowledger.first) return acknowledger.first;
    const minimum = demandedMinimum(response);
    if (response.status === 422 && minimum !== undefined && shortest === undefined && !signal?.aborted) {
      return await invite(attempt, offer, minimum, redirects);
    }
    const next = redirects < MOST_REDIRECTS && !signal?.aborted ? redirection(response, attempt) : undefined;
    if (next !== undefined) return await invite({ ...attempt, uri: next }, offer, shortest, redirects + 1);
    signal?.throwIfAborted();
    const reason = acknowledger.problem ?? (cause ? `no answer (${cause})` : `${response.status} ${response.reason}`);
    throw new CallFailed(response.status, reason, cause);
  } finally {
    limit.cancel();
    signal?.removeEventListener('abort', cancel);
  }
}
