// Matching of messages with transactions (RFC 3261 17.1.3, 17.2.3), and the way of a response back to its sender (18.2.2).
import type { Port } from '../net/port.ts';
import { formatVia, parseCSeq, parseVia, setTopVia, topVia, type Via } from './fields.ts';
import type { Address, Flow } from './flow-types.ts';
import { cloneMessage, type SipMessage, type SipRequest } from './message.ts';

/** RFC 3261 18.2.2: of a Via without port. */
const defaultPort = 5060 as Port;

/** RFC 3261 8.1.1.7: the start of every branch made by its rules. */
export const BRANCH_COOKIE = 'z9hG4bK';

/** RFC 3261 17.1.3: the branch and the method. */
export function clientKey(message: SipMessage): string {
  return `${topVia(message).parameters.get('branch') ?? ''}|${parseCSeq(message).method}`;
}

/** RFC 3261 17.2.3: branch, sent-by, method; for peers of RFC 2543, the fields that repetitions of a request share. */
export function serverKey(request: SipRequest): string {
  const via = topVia(request);
  const branch = via.parameters.get('branch') ?? '';
  const method = request.method === 'ACK' ? 'INVITE' : request.method;
  if (branch.toLowerCase().startsWith(BRANCH_COOKIE.toLowerCase())) {
    return `${branch.toLowerCase()}|${via.host.toLowerCase()}:${via.port ?? ''}|${method}`;
  }
  const plain: Via = { ...via, parameters: new Map(via.parameters) };
  for (const name of ['received', 'rport']) plain.parameters.delete(name);
  const { headers } = request;
  const cseq = parseCSeq(request).number;
  return [request.uri, headers.get('From'), headers.get('Call-ID'), cseq, formatVia(plain), method].join('|');
}

/** A copy of the request with our Via on top. */
export function withVia(
  request: SipRequest,
  protocol: Flow['protocol'],
  { host, port }: Address,
  parameters: Via['parameters'],
): SipRequest {
  const copy = cloneMessage(request);
  const sentBy = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  copy.headers.prepend('Via', formatVia({ transport: protocol.toUpperCase(), host: sentBy, port, parameters }));
  return copy;
}

/** Notes the real source of a request on its topmost Via. RFC 3261 18.2.1, RFC 3581 4 */
export function markSource(request: SipRequest, flow: Flow): void {
  const via = topVia(request);
  const wantsPort = via.parameters.get('rport') === '';
  const host = via.host.replace(/^\[|\]$/g, '');
  if (host === flow.remote.host && !wantsPort) return;
  via.parameters.set('received', flow.remote.host);
  if (wantsPort) via.parameters.set('rport', String(flow.remote.port));
  setTopVia(request, via);
}

/** RFC 3261 18.2.2: back over the connection; over UDP to the port of Via, or of rport. */
export function replyFlow(request: SipRequest, flow: Flow): Flow {
  if (flow.reliable) return flow;
  const [first] = request.headers.list('Via');
  const via = first === undefined ? undefined : parseVia(first);
  return via === undefined || via.parameters.has('rport') ? flow : flow.at(via.port ?? defaultPort);
}
