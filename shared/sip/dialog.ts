// Dialogs (RFC 3261 12): the state that both ends keep of a call, and the requests inside it.
//
// Use by a user agent. Caller: `dialogOfCaller(invite, response)` for a 1xx with To tag or a 2xx, then
// `layer.send(flow, buildAck(dialog, invite))` for each 2xx. Callee: `dialogOfCallee(invite, response)` with what
// `transaction.respond(200, …)` answered, then `repeatUntilAcknowledged`. Inside: `buildRequest(dialog, 'BYE')` goes to
// `layer.request(flow, …)`; incoming requests are matched by `dialogKey(message, 'in')` against `dialog.key` and checked by
// `acceptRequest`. All requests go over the flow that the user agent already has.
import type { Clock, Timer } from '../clock.ts';
import { needsTls, parseCSeq } from './fields.ts';
import {
  createRequest,
  type MessageParts,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  SipSyntaxError,
} from './message.ts';
import type { ServerTransaction } from './transaction-types.ts';
import { formatUri, isSips, parseNameAddr, parseUri, tagOf, withScheme } from './uri.ts';

export interface Dialog {
  /** Call-ID, local tag and remote tag in one. */
  readonly key: string;
  readonly callId: string;
  readonly localTag: string;
  /** '' when the peer knows none (RFC 2543). */
  readonly remoteTag: string;
  /** From/To values without their tags: our address and the peer's. */
  readonly local: string;
  readonly remote: string;
  /** Begun with a sips Request-URI (12.1.1, 12.1.2): the targets of both sides are sips ones, whatever the peer wrote. */
  readonly secure: boolean;
  /** The peer's Contact, to which in-dialog requests are addressed. Changes with target refreshes. */
  remoteTarget: string;
  /** Route values in the order they are put on requests. Never changes (12.2). */
  readonly routeSet: readonly string[];
  localSequence: number;
  /** Undefined until the peer sent a request. */
  remoteSequence: number | undefined;
}

const withoutTag = (value: string): string => {
  const close = value.lastIndexOf('>');
  const head = value.slice(0, close + 1);
  return head + value.slice(close + 1).replace(/;\s*tag\s*=\s*[^;]*/i, '');
};

const keyFor = (callId: string, localTag: string, remoteTag: string): string => `${callId}|${localTag}|${remoteTag}`;

/** The URI of the first Contact. Throws SipSyntaxError when there is none: a dialog needs one. */
export function contactUri(message: SipMessage): string {
  const [first] = message.headers.list('Contact');
  if (first === undefined) throw new SipSyntaxError('no Contact');
  return parseNameAddr(first).uri;
}

/** The target in a dialog; a secure one is never left for plain SIP (RFC 3261 19.1, 12.2.1.1). */
const targetOf = (contact: string, secure: boolean): string => (secure ? withScheme(contact, 'sips') : contact);

/** RFC 3261 12.1.2. @param target for a response whose Contact is of no use */
export function dialogOfCaller(invite: SipRequest, response: SipResponse, target = contactUri(response)): Dialog {
  const from = invite.headers.get('From') ?? '';
  const to = response.headers.get('To') ?? '';
  const callId = invite.headers.get('Call-ID') ?? '';
  const localTag = tagOf(from) ?? '';
  const remoteTag = tagOf(to) ?? '';
  const secure = isSips(invite.uri);
  return {
    key: keyFor(callId, localTag, remoteTag),
    callId,
    localTag,
    remoteTag,
    local: withoutTag(from),
    remote: withoutTag(to),
    secure,
    remoteTarget: targetOf(target, secure),
    routeSet: response.headers.list('Record-Route').reverse(),
    localSequence: parseCSeq(invite).number,
    remoteSequence: undefined,
  };
}

/** RFC 3261 12.1.1 */
export function dialogOfCallee(invite: SipRequest, response: SipResponse): Dialog {
  const from = invite.headers.get('From') ?? '';
  const to = response.headers.get('To') ?? '';
  const callId = invite.headers.get('Call-ID') ?? '';
  const localTag = tagOf(to) ?? '';
  const remoteTag = tagOf(from) ?? '';
  const secure = isSips(invite.uri);
  return {
    key: keyFor(callId, localTag, remoteTag),
    callId,
    localTag,
    remoteTag,
    local: withoutTag(to),
    remote: withoutTag(from),
    secure,
    remoteTarget: targetOf(contactUri(invite), secure),
    routeSet: invite.headers.list('Record-Route'),
    localSequence: 0,
    remoteSequence: parseCSeq(invite).number,
  };
}

/**
 * The dialog a message belongs to. RFC 3261 12
 * @param direction `in`: a request that came, or a response to one of ours is `out`
 */
export function dialogKey(message: SipMessage, direction: 'in' | 'out'): string {
  const from = tagOf(message.headers.get('From') ?? '') ?? '';
  const to = tagOf(message.headers.get('To') ?? '') ?? '';
  const callId = message.headers.get('Call-ID') ?? '';
  return direction === 'in' ? keyFor(callId, to, from) : keyFor(callId, from, to);
}

const withTag = (value: string, tag: string): string => (tag === '' ? value : `${value};tag=${tag}`);

/** Request-URI and Route by RFC 3261 12.2.1.1: a first route without `lr` is a strict router and takes the Request-URI's place. */
function routed(dialog: Dialog): { uri: string; routes: string[] } {
  const [first, ...rest] = dialog.routeSet;
  if (first === undefined) return { uri: dialog.remoteTarget, routes: [] };
  const firstUri = parseUri(parseNameAddr(first).uri);
  if (firstUri.parameters.has('lr')) return { uri: dialog.remoteTarget, routes: [...dialog.routeSet] };
  delete firstUri.headers;
  firstUri.parameters.delete('method');
  return { uri: formatUri(firstUri), routes: [...rest, `<${dialog.remoteTarget}>`] };
}

function inDialog(dialog: Dialog, method: string, sequence: number, parts: MessageParts): SipRequest {
  const { uri, routes } = routed(dialog);
  const { headers = [], ...content } = parts;
  return createRequest(method, uri, {
    ...content,
    headers: [
      ...routes.map(route => ['Route', route] as const),
      ['Max-Forwards', '70'],
      ['From', withTag(dialog.local, dialog.localTag)],
      ['To', withTag(dialog.remote, dialog.remoteTag)],
      ['Call-ID', dialog.callId],
      ['CSeq', `${sequence} ${method}`],
      ...headers,
    ],
  });
}

/** The next request inside the dialog (BYE, re-INVITE, UPDATE, …); its CSeq is counted. Contact and the rest by `parts`. */
export function buildRequest(dialog: Dialog, method: string, parts: MessageParts = {}): SipRequest {
  return inDialog(dialog, method, nextSequence(dialog), parts);
}

/** Counts the CSeq number of the next request, or of a further attempt at one. */
export function nextSequence(dialog: Dialog): number {
  dialog.localSequence += 1;
  return dialog.localSequence;
}

/** The ACK of a 2xx: the CSeq number of its INVITE. RFC 3261 13.2.2.4 */
export function buildAck(dialog: Dialog, invite: SipRequest, parts: MessageParts = {}): SipRequest {
  return inDialog(dialog, 'ACK', parseCSeq(invite).number, parts);
}

/** Methods whose Contact moves the remote target. RFC 3261 12.2, RFC 3311 5.1 */
const refreshing: readonly string[] = ['INVITE', 'UPDATE'];

/**
 * Notes a request that came inside the dialog.
 * @returns false when its CSeq is behind the last one: answer 500 (RFC 3261 12.2.2)
 */
export function acceptRequest(dialog: Dialog, request: SipRequest): boolean {
  const { number } = parseCSeq(request);
  if (request.method === 'ACK') return true;
  if (dialog.remoteSequence !== undefined && number < dialog.remoteSequence) return false;
  dialog.remoteSequence = number;
  if (refreshing.includes(request.method)) moveTarget(dialog, request);
  return true;
}

/** The Contact of a target refresh, or of the 2xx to one, is the new target. RFC 3261 12.2.1.2, 12.2.2 */
export function moveTarget(dialog: Dialog, message: SipMessage): void {
  if (message.headers.has('Contact')) dialog.remoteTarget = targetOf(contactUri(message), dialog.secure);
}

/** RFC 3261 8.1.1.8, 12.2.1.1: the requests inside the dialog go over TLS, with a sips Contact. */
export const isOverTls = (dialog: Dialog): boolean => dialog.secure || needsTls(inDialog(dialog, 'BYE', 0, {}));

/**
 * Repeats a response to INVITE, already sent once: a 2xx until its ACK (RFC 3261 13.3.1.4), a reliable provisional one until its PRACK
 * (RFC 3262 3); on reliable transports too, as proxies may change it.
 * @param onGivenUp no ACK within 64 × T1: the user agent should send BYE
 * @returns call it when the ACK or PRACK came, or the call ended
 */
export function repeatUntilAcknowledged(
  transaction: ServerTransaction,
  response: SipResponse,
  clock: Clock,
  onGivenUp: () => void,
  timers = { t1: 500, t2: 4_000 },
): () => void {
  let timer: Timer;
  let waited = 0;
  const again = (wait: number): void => {
    timer = clock.after(wait, () => {
      waited += wait;
      if (waited >= 64 * timers.t1) return onGivenUp();
      transaction.send(response);
      again(Math.min(wait * 2, timers.t2, 64 * timers.t1 - waited));
    });
  };
  again(timers.t1);
  return () => timer.cancel();
}
