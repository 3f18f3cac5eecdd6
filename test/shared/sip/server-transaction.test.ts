// Server transactions on a virtual clock: the retransmission tables of RFC 3261 17.2, RFC 6026's Accepted state, CANCEL, matching.
import assert from 'node:assert/strict';
import { topVia } from '../../../shared/sip/fields.ts';
import { tagOf } from '../../../shared/sip/uri.ts';
import { incoming, statusOf, wire } from '../../support/servers/sip-wire.ts';

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

  it('lets the oldest answered request give way when full, and answers 503 only without one', () => {
    const { layer, deliver, requests, last, sent } = wire(false, 3);
    const ask = (branch: string): void =>
      deliver(incoming('OPTIONS', `SIP/2.0/UDP 192.0.2.9:5061;branch=z9hG4bK${branch}`));
    for (const branch of ['a', 'b', 'c']) ask(branch);
    requests[1]?.respond(200);
    requests[2]?.respond(200);
    ask('d');
    assert.deepEqual([layer.size, requests.length], [3, 4]);
    ask('c');
    assert.equal(requests.length, 4, 'the newer answer is repeated');
    assert.equal(statusOf(last()), 200);
    ask('e');
    ask('f');
    assert.deepEqual([layer.size, requests.length, statusOf(last())], [3, 5, 503]);
    assert.equal(sent.filter(({ message }) => statusOf(message) === 503).length, 1);
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
