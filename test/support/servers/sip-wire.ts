// A transaction layer over a flow in memory, on a virtual clock, and the messages that its tests send.
import assert from 'node:assert/strict';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { silentLog as log } from '../../../shared/log.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import {
  createRequest,
  createResponse,
  formatMessage,
  parseMessage,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../../../shared/sip/message.ts';
import { TransactionLayer } from '../../../shared/sip/transaction.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { SipTransport } from '../../../shared/sip/transport.ts';

export interface Wire {
  clock: VirtualClock;
  layer: TransactionLayer;
  flow: Flow & { port: number };
  /** Messages that were sent: milliseconds since the start, word of the first line, port. */
  sent: { at: number; message: SipMessage; port: number }[];
  times(what: string | number): number[];
  deliver(message: SipMessage): void;
  requests: ServerTransaction[];
  acks: SipRequest[];
  last(): SipMessage;
}

export function wire(reliable: boolean, maxTransactions = 100): Wire {
  const clock = new VirtualClock();
  const start = clock.now();
  const sent: Wire['sent'] = [];
  const closers = new Set<(reason: string) => void>();
  let closed = false;
  const flowAt = (port: number): Wire['flow'] => ({
    id: `f${port}`,
    port,
    protocol: reliable ? 'tls' : 'udp',
    reliable,
    local: { host: '192.0.2.1', port: 16000 },
    remote: { host: '192.0.2.9', port },
    get closed() {
      return closed;
    },
    send: message => void sent.push({ at: clock.now() - start, message: parseMessage(formatMessage(message)), port }),
    ping: () => Promise.resolve(true),
    onClose: listener => {
      if (closed) listener('closed');
      else closers.add(listener);
      return () => void closers.delete(listener);
    },
    close: () => {
      closed = true;
      for (const closer of [...closers]) closer('closed');
    },
    at: other => (reliable ? flow : flowAt(other)),
  });
  const flow = flowAt(5061);
  let take: (message: SipMessage, flow: Flow) => void = () => undefined;
  const transport: Pick<SipTransport, 'onMessage' | 'onMalformed'> = {
    onMessage: listener => {
      take = listener;
    },
    onMalformed: () => undefined,
  };
  const requests: ServerTransaction[] = [];
  const acks: SipRequest[] = [];
  const layer = new TransactionLayer({
    transport,
    clock,
    random: seededRandom(1),
    log,
    maxTransactions,
    onRequest: transaction => void requests.push(transaction),
    onAck: ack => void acks.push(ack),
  });
  const named = ({ message }: { message: SipMessage }): string | number =>
    message.kind === 'request' ? message.method : message.status;
  return {
    clock,
    layer,
    flow,
    sent,
    requests,
    acks,
    times: what => sent.filter(one => named(one) === what).map(one => one.at),
    deliver: message => take(parseMessage(formatMessage(message)), flow),
    last: () => sent.at(-1)?.message ?? assert.fail('nothing was sent'),
  };
}

export const plain = (method: string, more: [string, string][] = []): SipRequest =>
  createRequest(method, 'sip:100@lab.test', {
    headers: [
      ['Max-Forwards', '70'],
      ['From', '<sip:101@lab.test>;tag=a1'],
      ['To', '<sip:100@lab.test>'],
      ['Call-ID', 'call-1'],
      ['CSeq', `7 ${method}`],
      ...more,
    ],
  });
export const incoming = (
  method: string,
  via = 'SIP/2.0/UDP 192.0.2.9:5061;branch=z9hG4bKx1',
  toTag = '',
): SipRequest => {
  const request = plain(method);
  request.headers.prepend('Via', via);
  if (toTag) request.headers.set('To', `<sip:100@lab.test>;tag=${toTag}`);
  return request;
};
export const reply = (request: SipRequest, status: number): SipResponse =>
  createResponse(request, status, undefined, status > 100 ? { toTag: 'b2' } : {});
export const statusOf = (message: SipMessage): number => (message.kind === 'response' ? message.status : 0);
