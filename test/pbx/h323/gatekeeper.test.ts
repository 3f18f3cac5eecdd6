// The gatekeeper against peers that send what they like: nothing ends, bounds hold, and others are served meanwhile.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { encodeCall } from '../../../pbx/h323/q931.ts';
import { encodeRas } from '../../../pbx/h323/ras.ts';
import { transportAddress } from '../../../pbx/h323/transport/addresses.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { eventually } from '../../support/eventually.ts';
import { type H323Lab, openH323Lab } from '../../support/h323/lab.ts';
import { alias, RawCaller, RawEndpoint } from '../../support/h323/raw.ts';

describe('the gatekeeper', function () {
  this.timeout(20_000);
  let lab: H323Lab;
  let clock: VirtualClock;
  const open: { close(): void }[] = [];
  let other: RawEndpoint | undefined;
  const start = async (bounds = {}): Promise<void> => {
    clock = new VirtualClock();
    lab = await openH323Lab({ clock, bounds });
    await lab.add({ dir: '4100' }, { dir: '4101' });
  };
  const endpoint = async (address?: string): Promise<RawEndpoint> => {
    const made = await RawEndpoint.open(lab.ports.ras, address);
    open.push(made);
    return made;
  };
  const caller = async (address?: string): Promise<RawCaller> => {
    const made = await RawCaller.open(lab.ports.calls, address);
    open.push({ close: () => made.socket.destroy() });
    return made;
  };
  const assertServes = async (): Promise<void> => {
    other ??= await endpoint('127.0.0.9');
    const answer = await other.ask(other.registration('4101'));
    assert.ok('registrationConfirm' in answer);
  };
  beforeEach(() => start());
  afterEach(async () => {
    for (const one of open.splice(0)) one.close();
    other = undefined;
    await lab.stop();
  });

  it('counts the messages that came by their names, and none that cannot be read', async () => {
    const peer = await endpoint();
    await peer.ask(peer.registration('4100'));
    peer.send(encodeRas(peer.registration('4100')).subarray(0, 20));
    await peer.ask(peer.registration('4101'));
    assert.deepEqual(lab.gatekeeper.messages(), [
      { kind: 'H.323', direction: 'received', type: 'registrationRequest', count: 2 },
    ]);
  });

  it('confirms nothing to datagrams of random octets', async () => {
    const random = seededRandom(7);
    const peer = await endpoint();
    for (let count = 0; count < 500; count++) {
      peer.send(random.bytes(random.int(0, 400)));
      // More at once than the socket holds would be lost, and the last one with it.
      if (count % 50 === 0) await assertServes();
    }
    peer.send(encodeRas(peer.registration('4100')).subarray(0, 20));
    await assertServes();
    // Chance makes a message now and then, which is rejected.
    const names = peer.heard.flatMap(message => Object.keys(message));
    assert.deepEqual(
      names.filter(name => !/(?:Reject|Response)$/.test(name)),
      [],
    );
  });

  it('serves others while one network sends too much', async () => {
    await lab.stop();
    await start({ messagesPerSecond: 50 });
    const peer = await endpoint();
    for (let count = 0; count < 200; count++) peer.send(peer.registration('4100'));
    await eventually('the answers within the bound', () => peer.heard.length >= 50);
    await assertServes();
    assert.equal(peer.heard.length, 50);
    await clock.advance(1000);
    assert.ok('registrationConfirm' in (await peer.ask(peer.registration('4100'))));
  });

  it('ends a registration when its time is over', async () => {
    const peer = await endpoint();
    const answer = await peer.ask(peer.registration('4100', { timeToLive: 30 }));
    assert.ok('registrationConfirm' in answer && answer.registrationConfirm.timeToLive === 30);
    await clock.advance(29_000);
    assert.equal(lab.gatekeeper.terminals().length, 1);
    await clock.advance(2000);
    assert.deepEqual(lab.gatekeeper.terminals(), []);
  });

  it('connects to no other host on behalf of an endpoint', async () => {
    const peer = await endpoint();
    const elsewhere = [transportAddress({ host: '192.0.2.1', port: 1720 })];
    const answer = await peer.ask(peer.registration('4100', { callSignalAddress: elsewhere }));
    assert.ok('registrationReject' in answer);
    assert.equal(answer.registrationReject.rejectReason, 'invalidCallSignalAddress');
  });

  it('lets no other host unregister an endpoint', async () => {
    const peer = await endpoint();
    const confirm = await peer.ask(peer.registration('4100'));
    assert.ok('registrationConfirm' in confirm);
    const { endpointIdentifier } = confirm.registrationConfirm;
    const other = await endpoint('127.0.0.2');
    const request = { requestSeqNum: 1, callSignalAddress: [], endpointIdentifier };
    const answer = await other.ask({ unregistrationRequest: request });
    assert.ok('unregistrationReject' in answer);
    assert.equal(answer.unregistrationReject.rejectReason, 'permissionDenied');
    assert.equal(lab.gatekeeper.terminals().length, 1);
  });

  it('names its way to prove a PIN when it is discovered, and is no gatekeeper of another name', async () => {
    const peer = await endpoint();
    const asks = {
      ...{ requestSeqNum: 3, protocolIdentifier: '0.0.8.2250.0.6', endpointType: { mc: false, undefinedNode: false } },
      ...{ rasAddress: transportAddress({ host: '127.0.0.1', port: 1 }), algorithmOIDs: ['1.2.840.113549.2.5'] },
    };
    const found = await peer.ask({ gatekeeperRequest: { ...asks, authenticationCapability: ['pwdHash'] } });
    assert.ok('gatekeeperConfirm' in found);
    assert.equal(found.gatekeeperConfirm.authenticationMode, 'pwdHash');
    const other = { ...asks, requestSeqNum: 4, gatekeeperIdentifier: 'other' };
    const refused = await peer.ask({ gatekeeperRequest: other });
    assert.ok('gatekeeperReject' in refused);
    assert.equal(refused.gatekeeperReject.rejectReason, 'terminalExcluded');
  });

  it('says XRS to a request that it does not serve', async () => {
    const peer = await endpoint();
    const answer = await peer.ask({ infoRequest: { requestSeqNum: 9, callReferenceValue: 0 } });
    assert.ok('unknownMessageResponse' in answer);
    assert.equal(answer.unknownMessageResponse.requestSeqNum, 9);
  });

  it('says nothing to an answer that no request waits for', async () => {
    const peer = await endpoint();
    peer.send({ unregistrationConfirm: { requestSeqNum: 5 } });
    assert.ok('registrationConfirm' in (await peer.ask(peer.registration('4100'))));
  });

  it('bounds the endpoints', async () => {
    await lab.stop();
    await start({ endpoints: 1 });
    const peer = await endpoint();
    await peer.ask(peer.registration('4100'));
    const other = await endpoint();
    const answer = await other.ask(other.registration('4101'));
    assert.ok('registrationReject' in answer);
    assert.equal(answer.registrationReject.rejectReason, 'resourceUnavailable');
  });

  it('closes a connection whose framing is lost', async () => {
    const peer = await caller();
    peer.socket.write('GET / HTTP/1.1\r\n\r\n');
    await once(peer.socket, 'close');
    await assertServes();
  });

  for (const way of ['half a packet', 'nothing', 'no TLS handshake', 'nothing after the TLS handshake'] as const) {
    it(`closes a connection that sends ${way} at its deadline`, async () => {
      const isTls = way.includes('TLS');
      const target = { host: '127.0.0.1', port: isTls ? lab.ports.tls : lab.ports.calls };
      const handshakes = way === 'nothing after the TLS handshake';
      const socket = handshakes ? tlsConnect({ ...target, rejectUnauthorized: false }) : connect(target);
      socket.on('error', () => undefined);
      await once(socket, handshakes ? 'secureConnect' : 'connect');
      if (way === 'half a packet') socket.write(Buffer.from('0300004008', 'hex'));
      await eventually('the connection is open here', () => handshakes || lab.gatekeeper.connections().length >= 0);
      await assertServes();
      const closed = once(socket, 'close');
      await clock.advance(25_000);
      await closed;
    });
  }

  it('releases a call that it does not know, and says nothing to a release', async () => {
    const peer = await caller();
    peer.send({ type: 'releaseComplete', callReference: 4, isFromDestination: false });
    peer.send({ type: 'alerting', callReference: 5, isFromDestination: true });
    const release = await peer.hears('releaseComplete');
    assert.deepEqual([release.callReference, release.isFromDestination, release.cause], [5, false, 81]);
    assert.equal(peer.heard.length, 1);
  });

  it('bounds the calls of an endpoint', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push({ close: () => server.close() });
    const ringing = await endpoint();
    const { port } = server.address() as AddressInfo;
    const callSignalAddress = [transportAddress({ host: '127.0.0.1', port })];
    await ringing.ask(ringing.registration('4101', { callSignalAddress }));
    const id = await (await endpoint()).register('4100');
    const signalling = await caller();
    for (let reference = 1; reference <= 25; reference++) signalling.send(signalling.setup(id, '4101', reference));
    await eventually('five are refused', () => signalling.heard.filter(({ cause }) => cause === 42).length === 5);
  });

  it('releases calls whose called side cannot be reached', async () => {
    const away = await endpoint();
    await away.ask(
      away.registration('4101', { callSignalAddress: [transportAddress({ host: '127.0.0.1', port: 9 })] }),
    );
    const id = await (await endpoint()).register('4100');
    const signalling = await caller();
    signalling.send(signalling.setup(id, '4101', 1));
    assert.equal((await signalling.hears('releaseComplete')).cause, 27);
    assert.deepEqual(lab.gatekeeper.calls(), []);
  });

  it('releases a call whose Setup grows too long for a packet', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push({ close: () => server.close() });
    const { port } = server.address() as AddressInfo;
    const callSignalAddress = [transportAddress({ host: '127.0.0.1', port })];
    await (await endpoint()).register('4101', { callSignalAddress });
    const peer = await endpoint();
    assert.ok('admissionConfirm' in (await peer.admit(await peer.register('4100'), '4101', 1)));
    const signalling = await caller();
    const setup = signalling.setup(undefined, '4101', 1);
    const spare = 65_531 - encodeCall(setup).length - 10;
    const pdu = setup.user?.['h323-uu-pdu'];
    if (pdu) pdu.h245Control = [Buffer.alloc(spare)];
    signalling.send(setup);
    assert.equal((await signalling.hears('releaseComplete')).cause, 27);
    assert.deepEqual(lab.gatekeeper.calls(), []);
  });

  it('locates its numbers for registered endpoints alone', async () => {
    const peer = await endpoint();
    const request = {
      requestSeqNum: 900,
      destinationInfo: [alias('4100')],
      replyAddress: transportAddress({ host: '127.0.0.1', port: 1 }),
    };
    assert.ok('locationReject' in (await peer.ask({ locationRequest: request })));
    const confirm = await peer.ask(peer.registration('4100'));
    assert.ok('registrationConfirm' in confirm);
    const { endpointIdentifier } = confirm.registrationConfirm;
    const answer = await peer.ask({ locationRequest: { ...request, requestSeqNum: 901, endpointIdentifier } });
    assert.ok('locationConfirm' in answer);
    assert.deepEqual(
      answer.locationConfirm.callSignalAddress,
      transportAddress({ host: '127.0.0.1', port: lab.ports.calls }),
    );
  });
});
