// Transactions on a virtual clock: the retransmission tables of RFC 3261 17, RFC 6026's Accepted states, CANCEL, matching.
import assert from 'node:assert/strict';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { silentLog as log } from '../../../shared/log.ts';
import { topVia } from '../../../shared/sip/fields.ts';
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
import { tagOf } from '../../../shared/sip/uri.ts';

interface Wire {
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

function wire(reliable: boolean, maxTransactions = 100): Wire {
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

const plain = (method: string, more: [string, string][] = []): SipRequest =>
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
const incoming = (method: string, via = 'SIP/2.0/UDP 192.0.2.9:5061;branch=z9hG4bKx1', toTag = ''): SipRequest => {
  const request = plain(method);
  request.headers.prepend('Via', via);
  if (toTag) request.headers.set('To', `<sip:100@lab.test>;tag=${toTag}`);
  return request;
};
const reply = (request: SipRequest, status: number): SipResponse =>
  createResponse(request, status, undefined, status > 100 ? { toTag: 'b2' } : {});
const statusOf = (message: SipMessage): number => (message.kind === 'response' ? message.status : 0);

describe('client transactions', () => {
  it('doubles timer A of an INVITE over UDP and answers 408 after 64 × T1 (17.1.1.2)', async () => {
    const { clock, layer, flow, times } = wire(false);
    const { final } = layer.request(flow, plain('INVITE'));
    await clock.advance(40_000);
    assert.deepEqual(times('INVITE'), [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    const { response, cause } = await final;
    assert.deepEqual([response.status, cause], [408, 'timeout']);
    assert.equal(layer.size, 0);
  });

  it('sends an INVITE over TLS once, with timer B running', async () => {
    const { clock, layer, flow, times } = wire(true);
    const { final } = layer.request(flow, plain('INVITE'));
    await clock.advance(32_000);
    assert.deepEqual(times('INVITE'), [0]);
    assert.equal((await final).cause, 'timeout');
  });

  it('repeats other requests over UDP up to every T2 until timer F (17.1.2.2)', async () => {
    const one = wire(false);
    one.layer.request(one.flow, plain('REGISTER'));
    await one.clock.advance(40_000);
    const table = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    assert.deepEqual(one.times('REGISTER'), table);

    const two = wire(false);
    const { request, final } = two.layer.request(two.flow, plain('OPTIONS'));
    await two.clock.advance(600);
    two.deliver(reply(request, 100));
    await two.clock.advance(12_000);
    assert.deepEqual(two.times('OPTIONS'), [0, 500, 1500, 5500, 9500]);
    await two.clock.advance(32_000);
    assert.equal((await final).cause, 'timeout');
  });

  it("acknowledges each copy of a refusal on the INVITE's branch and route (17.1.1.3)", async () => {
    const { clock, layer, flow, times, deliver, sent } = wire(false);
    const { request, final } = layer.request(flow, plain('INVITE', [['Route', '<sip:p;lr>']]));
    deliver(reply(request, 180));
    await clock.advance(1000);
    assert.deepEqual(times('INVITE'), [0]);
    deliver(reply(request, 486));
    deliver(reply(request, 486));
    assert.equal((await final).response.status, 486);
    assert.equal(times('ACK').length, 2);
    const ack = sent.find(one => one.message.kind === 'request' && one.message.method === 'ACK')?.message;
    assert.ok(ack?.kind === 'request');
    assert.deepEqual(ack.headers.all('Via'), request.headers.all('Via'));
    assert.equal(ack.headers.get('CSeq'), '7 ACK');
    assert.equal(ack.headers.get('Route'), '<sip:p;lr>');
    assert.equal(tagOf(ack.headers.get('To') ?? ''), 'b2');
    assert.equal(layer.size, 1);
    await clock.advance(32_000);
    assert.equal(layer.size, 0);
  });

  it('reports every 2xx to INVITE for 64 × T1 and acknowledges none (RFC 6026 7.2)', async () => {
    const { clock, layer, flow, times, deliver } = wire(true);
    const seen: number[] = [];
    const { request, final } = layer.request(flow, plain('INVITE'), { onResponse: one => void seen.push(one.status) });
    for (const status of [100, 183, 200, 200]) deliver(reply(request, status));
    assert.equal((await final).response.status, 200);
    assert.deepEqual(seen, [100, 183, 200, 200]);
    assert.deepEqual(times('ACK'), []);
    deliver(reply(request, 486));
    assert.deepEqual(seen.length, 4);
    await clock.advance(32_000);
    assert.equal(layer.size, 0);
  });

  it('absorbs repeated answers for T4 over UDP, and ends at once over TLS (timer K)', async () => {
    const udp = wire(false);
    const asked = udp.layer.request(udp.flow, plain('BYE'));
    udp.deliver(reply(asked.request, 200));
    udp.deliver(reply(asked.request, 200));
    assert.equal(udp.layer.size, 1);
    await udp.clock.advance(5_000);
    assert.equal(udp.layer.size, 0);
    const tls = wire(true);
    const { request } = tls.layer.request(tls.flow, plain('BYE'));
    tls.deliver(reply(request, 200));
    assert.equal(tls.layer.size, 0);
  });

  it('answers 503 at once when the flow closes, and when it was closed before (8.1.3.1)', async () => {
    const { layer, flow, times } = wire(true);
    const { final } = layer.request(flow, plain('INVITE'));
    flow.close();
    assert.deepEqual([(await final).response.status, (await final).cause], [503, 'transport']);
    const late = layer.request(flow, plain('BYE'));
    assert.equal((await late.final).cause, 'transport');
    assert.equal(layer.size, 0);
    assert.equal(times('INVITE').length, 1);
  });

  it("sends CANCEL on the INVITE's branch after a provisional response (9.1)", async () => {
    const { clock, layer, flow, times, deliver, sent } = wire(true);
    const transaction = layer.request(flow, plain('INVITE'));
    const { request, final } = transaction;
    transaction.cancel();
    assert.deepEqual(times('CANCEL'), []);
    await clock.advance(50);
    deliver(reply(request, 180));
    transaction.cancel();
    assert.deepEqual(times('CANCEL'), [50]);
    const sentCancel = sent.at(-1)?.message;
    assert.ok(sentCancel?.kind === 'request');
    assert.deepEqual(sentCancel.headers.all('Via'), request.headers.all('Via'));
    assert.equal(sentCancel.headers.get('To'), '<sip:100@lab.test>');
    deliver(reply(sentCancel, 200));
    deliver(reply(request, 487));
    assert.equal((await final).response.status, 487);
    assert.equal(layer.size, 0);
  });

  it('ends a cancelled INVITE without an answer after 64 × T1 (9.1)', async () => {
    const { clock, layer, flow, deliver } = wire(true);
    const transaction = layer.request(flow, plain('INVITE'));
    const { request, final } = transaction;
    deliver(reply(request, 180));
    transaction.cancel();
    await clock.advance(32_000);
    assert.equal((await final).cause, 'timeout');
    assert.equal(layer.size, 0);
  });

  it('uses shorter timers for one request, and sends nothing when stopped', async () => {
    const { clock, layer, flow, sent } = wire(false);
    const { final } = layer.request(flow, plain('OPTIONS'), { timers: { timeoutMs: 1_000 } });
    await clock.advance(1_000);
    assert.equal((await final).cause, 'timeout');
    const other = layer.request(flow, plain('OPTIONS'));
    const before = sent.length;
    layer.stop();
    assert.equal((await other.final).cause, 'timeout');
    await clock.advance(60_000);
    assert.equal(sent.length, before);
  });

  it('ignores responses with an unknown branch or method (17.1.3)', async () => {
    const { layer, flow, deliver } = wire(true);
    const seen: number[] = [];
    const { request } = layer.request(flow, plain('BYE'), { onResponse: one => void seen.push(one.status) });
    const foreign = reply(request, 200);
    foreign.headers.set('CSeq', '7 OPTIONS');
    deliver(foreign);
    deliver(reply(incoming('BYE'), 200));
    assert.deepEqual(seen, []);
  });
});

describe('server transactions', () => {
  it('sends 100 for an INVITE after 200 ms, and repeats the last provisional (17.2.1)', async () => {
    const { clock, times, deliver, requests } = wire(false);
    deliver(incoming('INVITE'));
    await clock.advance(199);
    assert.deepEqual(times(100), []);
    await clock.advance(1);
    assert.deepEqual(times(100), [200]);
    requests[0]?.respond(180);
    deliver(incoming('INVITE'));
    assert.equal(requests.length, 1);
    assert.deepEqual(times(180), [200, 200]);
  });

  it('repeats a refusal over UDP up to every T2 until its ACK or timer H', async () => {
    const { clock, layer, times, deliver, requests } = wire(false);
    deliver(incoming('INVITE'));
    let timedOut = 0;
    requests[0]?.onTimeout(() => timedOut++);
    requests[0]?.respond(486);
    await clock.advance(40_000);
    assert.deepEqual(times(486), [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert.deepEqual([timedOut, layer.size], [1, 0]);
  });

  it('absorbs the ACK of a refusal and ends with timer I', async () => {
    const { clock, layer, times, deliver, requests, acks } = wire(false);
    deliver(incoming('INVITE'));
    const tag = requests[0]?.localTag;
    requests[0]?.respond(415);
    await clock.advance(700);
    deliver(incoming('ACK', undefined, tag));
    deliver(incoming('ACK', undefined, tag));
    await clock.advance(4_000);
    deliver(incoming('INVITE'));
    assert.deepEqual(times(415), [0, 500]);
    assert.deepEqual(acks, []);
    await clock.advance(5_000);
    assert.equal(layer.size, 0);
  });

  it('leaves a 2xx to INVITE and its ACK to the user agent (RFC 6026 7.1)', async () => {
    const { clock, layer, times, deliver, requests, acks } = wire(false);
    deliver(incoming('INVITE'));
    const ok = requests[0]?.respond(200);
    deliver(incoming('INVITE'));
    await clock.advance(2_000);
    assert.deepEqual(times(200), [0]);
    assert.ok(ok);
    requests[0]?.send(ok);
    requests[0]?.respond(486);
    assert.deepEqual([times(200), times(486)], [[0, 2_000], []]);
    deliver(incoming('ACK', 'SIP/2.0/UDP 192.0.2.9:5061;branch=z9hG4bKother', requests[0]?.localTag));
    deliver(incoming('ACK', undefined, requests[0]?.localTag));
    assert.equal(acks.length, 2);
    await clock.advance(31_000);
    assert.equal(layer.size, 0);
  });

  it('repeats other final answers for 64 × T1 over UDP, not over TLS (timer J)', async () => {
    const udp = wire(false);
    udp.deliver(incoming('OPTIONS'));
    udp.deliver(incoming('OPTIONS'));
    assert.equal(udp.sent.length, 0);
    udp.requests[0]?.respond(200);
    udp.deliver(incoming('OPTIONS'));
    assert.deepEqual([udp.requests.length, udp.times(200).length], [1, 2]);
    await udp.clock.advance(32_000);
    assert.equal(udp.layer.size, 0);
    const tls = wire(true);
    tls.deliver(incoming('OPTIONS'));
    tls.requests[0]?.respond(200);
    tls.requests[0]?.respond(500);
    assert.deepEqual([tls.layer.size, tls.times(500)], [0, []]);
  });

  it("answers CANCEL with 200 and the INVITE's tag, a stray one with 481 (9.2)", () => {
    const { deliver, requests, last, sent } = wire(true);
    deliver(incoming('INVITE'));
    const [invite] = requests;
    let told = 0;
    invite?.onCancel(() => {
      told++;
      invite.respond(487);
    });
    deliver(incoming('CANCEL'));
    assert.equal(told, 1);
    const [answer, refusal] = sent.map(one => one.message);
    assert.ok(answer && refusal);
    assert.deepEqual([statusOf(answer), statusOf(refusal)], [200, 487]);
    assert.equal(answer.headers.get('CSeq'), '7 CANCEL');
    assert.equal(tagOf(answer.headers.get('To') ?? ''), invite?.localTag);
    deliver(incoming('CANCEL', 'SIP/2.0/TLS 192.0.2.9:5061;branch=z9hG4bKelse'));
    assert.equal(statusOf(last()), 481);
    assert.equal(requests.length, 1);
  });

  it('matches peers of RFC 2543 without the magic cookie (17.2.3)', () => {
    const { deliver, requests, acks, times } = wire(false);
    const old = 'SIP/2.0/UDP 192.0.2.9:5061';
    deliver(incoming('INVITE', old));
    deliver(incoming('INVITE', old));
    assert.equal(requests.length, 1);
    requests[0]?.respond(404);
    deliver(incoming('INVITE', old));
    assert.equal(times(404).length, 2);
    deliver(incoming('ACK', old, requests[0]?.localTag));
    assert.deepEqual(acks, []);
  });

  it('opens another transaction for the same branch of another sender', () => {
    const { deliver, requests } = wire(false);
    deliver(incoming('OPTIONS', 'SIP/2.0/UDP a.test;branch=z9hG4bKx'));
    deliver(incoming('OPTIONS', 'SIP/2.0/UDP b.test;branch=z9hG4bKx'));
    assert.equal(requests.length, 2);
  });

  it("notes the source on Via, and answers over UDP to Via's port or rport (18.2.1, 18.2.2)", () => {
    const { deliver, requests, sent } = wire(false);
    deliver(incoming('OPTIONS', 'SIP/2.0/UDP unit.test;branch=z9hG4bK1'));
    deliver(incoming('OPTIONS', 'SIP/2.0/UDP 192.0.2.9:7000;branch=z9hG4bK2'));
    deliver(incoming('OPTIONS', 'SIP/2.0/UDP 10.0.0.1:7000;rport;branch=z9hG4bK3'));
    for (const transaction of requests) transaction.respond(200);
    assert.deepEqual(
      sent.map(one => one.port),
      [5060, 7000, 5061],
    );
    const vias = sent.map(one => topVia(one.message).parameters);
    assert.equal(vias[0]?.get('received'), '192.0.2.9');
    assert.equal(vias[1]?.has('received'), false);
    assert.deepEqual([vias[2]?.get('received'), vias[2]?.get('rport')], ['192.0.2.9', '5061']);
  });

  it('answers 400 to an incomplete request, 503 when full, and nothing to a bad ACK', () => {
    const { deliver, sent, last, requests } = wire(true, 1);
    const bad = incoming('OPTIONS');
    bad.headers.set('Max-Forwards', 'many');
    deliver(bad);
    const answer = last();
    assert.ok(answer.kind === 'response');
    assert.deepEqual([answer.status, answer.reason], [400, 'Bad Request: Max-Forwards is not between 0 and 255']);
    const ack = incoming('ACK');
    ack.headers.remove('Call-ID');
    deliver(ack);
    const nameless = incoming('OPTIONS');
    nameless.headers.remove('From');
    deliver(nameless);
    assert.equal(sent.length, 1);
    deliver(incoming('OPTIONS', 'SIP/2.0/TLS a;branch=z9hG4bK1'));
    deliver(incoming('OPTIONS', 'SIP/2.0/TLS a;branch=z9hG4bK2'));
    assert.equal(statusOf(last()), 503);
    assert.equal(requests.length, 1);
  });
});
