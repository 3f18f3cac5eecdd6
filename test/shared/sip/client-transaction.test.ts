// Client transactions on a virtual clock: the retransmission tables of RFC 3261 17.1, RFC 6026's Accepted state, CANCEL, matching.
import assert from 'node:assert/strict';
import { tagOf } from '../../../shared/sip/uri.ts';
import { incoming, plain, reply, wire } from '../../support/servers/sip-wire.ts';

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
