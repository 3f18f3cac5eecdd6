// The requests that the unit sends inside a call's dialog.
import { buildRequest, type Dialog, isOverTls, moveTarget, nextSequence } from '../../../shared/sip/dialog.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import {
  type MessageParts,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  SipSyntaxError,
} from '../../../shared/sip/message.ts';
import type { Outcome } from '../../../shared/sip/transaction-types.ts';
import { parseUri } from '../../../shared/sip/uri.ts';
import { exchange } from '../authenticated-request.ts';
import type { CallContext } from './context.ts';
import { ackFor } from './replies.ts';
import { type Agreement, sessionHeaders } from './session-timer.ts';

export const takesUpdate = ({ headers }: SipMessage): boolean => headers.list('Allow').includes('UPDATE');

/** The dialog of one call, with what its requests carry. */
export interface DialogSide {
  context: CallContext;
  /** Our account's user. */
  user: string;
  dialog: Dialog;
  /** The connection that the call was made over. */
  flow: Flow;
  /** The agreed session timer; refreshes may change it. */
  timer: Agreement | undefined;
  /** The peer names UPDATE in Allow (RFC 3311 5.1). */
  takesUpdate: boolean;
}

type Method = 'BYE' | 'INVITE' | 'UPDATE' | 'REFER' | 'NOTIFY' | 'INFO';

/** The methods whose 2xx may move the peer (RFC 3261 12.2, RFC 3311 5.1), and which carry the session timer. */
const refreshing: readonly Method[] = ['INVITE', 'UPDATE'];

/** RFC 3261 20.10, RFC 3515 2.2, RFC 6665: the requests that make or refresh a dialog carry a Contact. */
const withContact: readonly Method[] = [...refreshing, 'REFER', 'NOTIFY'];

/**
 * Sends a request over the connection of the call, or over the current one after its end; undefined without one. Acknowledges a 2xx to
 * a re-INVITE.
 */
export async function requestInDialog(
  side: DialogSide,
  method: Method,
  parts: MessageParts = {},
): Promise<(Outcome & { request: SipRequest }) | undefined> {
  const { context, user, dialog, timer } = side;
  const { layer, log } = context;
  const flow = side.flow.closed ? context.flow() : side.flow;
  if (!flow) return undefined;
  try {
    const { headers = [], ...content } = parts;
    const request = buildRequest(dialog, method, {
      headers: [
        ...(withContact.includes(method) ? [['Contact', context.contact(user, flow, isOverTls(dialog))] as const] : []),
        ...(refreshing.includes(method) ? sessionHeaders(context.calls, timer) : []),
        ...headers,
        ['User-Agent', context.userAgent],
      ],
      ...content,
    });
    return await exchange(layer, flow, request, context.authOf(user), {
      nextSequence: () => nextSequence(dialog),
      onResponse: (response, sent) => {
        if (response.status < 200 || response.status >= 300) return;
        if (refreshing.includes(method)) followTarget(side, response, flow);
        if (method === 'INVITE') layer.send(flow, ackFor(dialog, sent, context.userAgent));
      },
    });
  } catch (error) {
    // The peer's Contact or Record-Route cannot be written into a request.
    if (!(error instanceof SipSyntaxError)) throw error;
    log.warn('SIP request inside a call not sent', { method, reason: error.message });
    return undefined;
  }
}

/** RFC 3261 12.2.1.2: the peer has moved; a Contact that cannot be read, or not be reached, moves nothing. */
function followTarget({ context, dialog }: DialogSide, response: SipResponse, { protocol }: Flow): void {
  const before = dialog.remoteTarget;
  try {
    moveTarget(dialog, response);
    parseUri(dialog.remoteTarget);
    if (protocol !== 'tls' && isOverTls(dialog)) throw new SipSyntaxError('a sips address is reached over TLS only');
  } catch (error) {
    if (!(error instanceof SipSyntaxError)) throw error;
    dialog.remoteTarget = before;
    context.log.warn('SIP target of a call kept', { reason: error.message });
  }
}
