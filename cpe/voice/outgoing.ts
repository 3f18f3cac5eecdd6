// Placing a call (RFC 3261 13.2): media ports, offer, INVITE with its answers, and the judgement of the session that comes back.
import { buildRequest, type Dialog, dialogOfCaller } from '../../shared/sip/dialog.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { createRequest, type SipRequest, type SipResponse, SipSyntaxError } from '../../shared/sip/message.ts';
import { formatSdp, parseSdp, type Sdp, SdpError } from '../../shared/sip/sdp.ts';
import type { ClientTransaction } from '../../shared/sip/transaction-types.ts';
import { tagOf } from '../../shared/sip/uri.ts';
import { exchange } from './authenticated-request.ts';
import { type Call, type CallContext, CallFailed, startLeg } from './call.ts';
import type { MediaPorts, MediaSession } from './media/media.ts';
import { buildOffer, judgeAnswer, type LocalSession, type OfferedStream } from './media/sdp-negotiation.ts';
import { ackFor, allowed } from './replies.ts';
import { agreedTimer, demandedMinimum, proposal } from './session-timer.ts';

/** How long the called side may ring. */
const PATIENCE_MS = 180_000;

interface OpenStream extends OfferedStream {
  ssrc: number;
  ports: MediaPorts;
  session: MediaSession;
}

/** Opens what the security mode offers: secured, plain, or (fallback) both, preferred first. */
async function openStreams(context: CallContext): Promise<OpenStream[]> {
  const { mode } = context.security;
  const streams: OpenStream[] = [];
  const add = async (secured: boolean): Promise<void> => {
    const shared = context.srtpBasePort === 0 ? streams[0] : undefined;
    const ssrc = shared?.ssrc ?? context.random.bytes(4).readUInt32BE();
    const keys = secured ? context.keying.offer(ssrc) : undefined;
    const media = shared
      ? { ports: shared.ports, session: shared.session }
      : await context.openMedia((secured && context.srtpBasePort) || context.rtpBasePort, ssrc);
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

function inviteFor(
  context: CallContext,
  user: string,
  uri: string,
  flow: Flow,
  offer: Sdp,
  shortest?: number,
): SipRequest {
  const { random } = context;
  return createRequest('INVITE', uri, {
    headers: [
      ['Max-Forwards', '70'],
      ['From', `<sip:${user}@${context.domain}>;tag=${random.bytes(5).toString('hex')}`],
      ['To', `<${uri}>`],
      ['Call-ID', random.bytes(8).toString('hex')],
      ['CSeq', `${random.int(1, 2 ** 30)} INVITE`],
      ['Allow', allowed],
      ['Contact', context.contact(user, flow)],
      ...proposal(shortest),
      ['User-Agent', context.userAgent],
    ],
    contentType: 'application/sdp',
    body: formatSdp(offer),
  });
}

interface Answered {
  dialog: Dialog;
  response: SipResponse;
}

/** Acknowledges each 2xx, repeated ones and those of other branches, which are hung up at once (RFC 3261 13.2.2.4). */
function createAcknowledger(context: CallContext, flow: Flow) {
  const dialogs = new Map<string, { dialog: Dialog; ack: SipRequest }>();
  let first: Answered | undefined;
  let problem: string | undefined;
  return {
    take(response: SipResponse, invite: SipRequest): void {
      if (response.status < 200 || response.status >= 300) return;
      try {
        const tag = tagOf(response.headers.get('To') ?? '') ?? '';
        let known = dialogs.get(tag);
        if (!known) {
          const dialog = dialogOfCaller(invite, response);
          known = { dialog, ack: ackFor(dialog, invite, context.userAgent) };
          dialogs.set(tag, known);
          if (first) context.log.warn('a second branch answered the call', { callId: dialog.callId });
          first ??= { dialog, response };
        }
        context.layer.send(flow, known.ack);
      } catch (error) {
        // A 2xx without usable Contact or Record-Route: no dialog can be made of it.
        if (!(error instanceof SipSyntaxError)) throw error;
        problem = error.message;
      }
    },
    get first() {
      return first;
    },
    get problem() {
      return problem;
    },
  };
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
 * @param signal gives up: CANCEL while it rings
 * @throws CallFailed with the status that ended it; an AbortError after `signal`
 */
export async function placeCall(
  context: CallContext,
  user: string,
  target: string,
  signal?: AbortSignal,
): Promise<Call> {
  signal?.throwIfAborted();
  const flow = context.flow();
  if (!flow) throw new CallFailed(503, 'there is no connection to the SIP server');
  const uri = /^sips?:/i.test(target) ? target : `sip:${target}@${context.domain}`;
  const streams = await openStreams(context);
  let kept: OpenStream | undefined;
  try {
    const local: LocalSession = {
      address: context.address,
      sessionId: String(context.random.bytes(4).readUInt32BE()),
      version: 1,
    };
    const offer = buildOffer(local, streams);
    const answered = await invite(context, user, uri, flow, offer, signal);
    const fail = async (status: number, reason: string): Promise<never> => {
      await sayBye(context, user, flow, answered.dialog);
      throw new CallFailed(status, reason);
    };
    if (signal?.aborted) {
      await sayBye(context, user, flow, answered.dialog);
      signal.throwIfAborted();
    }
    const answer = readAnswer(answered.response);
    if (typeof answer === 'string') return await fail(0, answer);
    const settled = judgeAnswer(streams, answer);
    if (!settled.ok) return await fail(0, settled.reason);
    kept = streams[settled.index];
    if (!kept) return await fail(0, 'the answer takes no stream');
    const leg = startLeg({
      context,
      direction: 'out',
      user,
      dialog: answered.dialog,
      media: kept.session,
      port: kept.port,
      ssrc: kept.ssrc,
      parameters: settled.parameters,
      local,
      localSdp: offer,
      remoteSdp: answer,
      timer: agreedTimer(answered.response),
    });
    return leg.call;
  } catch (error) {
    if (error instanceof SipSyntaxError) throw new CallFailed(400, error.message);
    throw error;
  } finally {
    await closeStreams(streams, kept);
  }
}

async function sayBye(context: CallContext, user: string, flow: Flow, dialog: Dialog): Promise<void> {
  const bye = buildRequest(dialog, 'BYE', { headers: [['User-Agent', context.userAgent]] });
  await exchange(context.layer, flow, bye, context.authOf(user));
}

/** The INVITE until its final response; a 422 is tried once more with the time it demands (RFC 4028 7.3). */
async function invite(
  context: CallContext,
  user: string,
  uri: string,
  flow: Flow,
  offer: Sdp,
  signal: AbortSignal | undefined,
  shortest?: number,
): Promise<Answered> {
  const acknowledger = createAcknowledger(context, flow);
  let transaction: ClientTransaction | undefined;
  const cancel = (): void => transaction?.cancel();
  const patience = context.clock.after(PATIENCE_MS, cancel);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const request = inviteFor(context, user, uri, flow, offer, shortest);
    const { response, cause } = await exchange(context.layer, flow, request, context.authOf(user), {
      onStart: started => {
        transaction = started;
        if (signal?.aborted) cancel();
      },
      onResponse: acknowledger.take,
    });
    if (acknowledger.first) return acknowledger.first;
    const minimum = demandedMinimum(response);
    if (response.status === 422 && minimum !== undefined && shortest === undefined && !signal?.aborted) {
      return await invite(context, user, uri, flow, offer, signal, minimum);
    }
    signal?.throwIfAborted();
    const reason = acknowledger.problem ?? (cause ? `no answer (${cause})` : `${response.status} ${response.reason}`);
    throw new CallFailed(response.status, reason);
  } finally {
    patience.cancel();
    signal?.removeEventListener('abort', cancel);
  }
}
