// The STUN server of the ACS, tested with a client that is written from RFC 3489 alone.
import assert from 'node:assert/strict';
import { answerBinding } from '../../../acs/south/connection-request/stun-binding.ts';
import {
  openStunServer,
  type StunServer,
  type StunServerOptions,
} from '../../../acs/south/connection-request/stun-server.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import {
  type RawPeer,
  type RawStun,
  rawAddress,
  rawPeer,
  readRaw,
  sealOf,
  writeRaw,
} from '../../support/servers/stun.ts';

const MAPPED = 0x0001;
const RESPONSE_ADDRESS = 0x0002;
const USERNAME = 0x0006;
const INTEGRITY = 0x0008;
const ERROR = 0x0009;
const UNKNOWN = 0x000a;
const BINDING: [number, Buffer] = [0xc001, Buffer.from('dslforum.org/TR-111 ')];
const CHANGE: [number, Buffer] = [0xc002, Buffer.alloc(0)];
const user = (name: string): [number, Buffer] => [USERNAME, Buffer.from(name)];

const random = seededRandom(3);
const login = { username: 'cpe1', password: 'stun-secret' };

describe('STUN server of the ACS', () => {
  const clock = new VirtualClock();
  let server: StunServer;
  let client: RawPeer;

  const open = async (more: Partial<StunServerOptions> = {}): Promise<void> => {
    server = await openStunServer({ host: '127.0.0.1', port: 0, clock, log: silentLog, ...more });
    client = await rawPeer();
  };
  const ask = async (attributes: [number, Buffer][], key?: string): Promise<RawStun> => {
    const transaction = random.bytes(16).toString('hex');
    await client.send(writeRaw(0x0001, transaction, attributes, key), server.port);
    const answer = readRaw(await client.next());
    assert.equal(answer.transaction, transaction);
    return answer;
  };
  const codeOf = ({ type, attributes }: RawStun): number => {
    assert.equal(type, 0x0111);
    const value = attributes.get(ERROR);
    return (value?.[2] ?? 0) * 100 + (value?.[3] ?? 0);
  };
  afterEach(async () => {
    await client.close();
    await server.close();
  });

  it('answers with the mapped address and its own (RFC 3489 8.1)', async () => {
    await open();
    const answer = await ask([BINDING]);
    assert.equal(answer.type, 0x0101);
    assert.deepEqual(answer.attributes.get(MAPPED), rawAddress('127.0.0.1', client.port));
    assert.deepEqual(answer.attributes.get(0x0004), rawAddress('127.0.0.1', server.port));
    assert.deepEqual(answer.attributes.get(0x0005), rawAddress('127.0.0.1', server.port));
    assert.ok(!answer.attributes.has(0x0020), 'XOR-MAPPED-ADDRESS only for a client that knows it');
  });

  it('adds XOR-MAPPED-ADDRESS for a client with the cookie of RFC 5389', async () => {
    await open();
    const transaction = `2112a442${random.bytes(12).toString('hex')}`;
    await client.send(writeRaw(0x0001, transaction, []), server.port);
    const crossed = readRaw(await client.next()).attributes.get(0x0020);
    assert.equal((crossed?.readUInt16BE(2) ?? 0) ^ 0x2112, client.port);
    assert.equal((crossed?.readUInt32BE(4) ?? 0) ^ 0x2112a442, 0x7f000001);
  });

  it('accepts a changed binding without integrity when no login is configured', async () => {
    await open();
    assert.equal((await ask([BINDING, CHANGE, user('anyone  ')])).type, 0x0101);
  });

  it('requires integrity only for a changed binding when a login is configured (Annex G)', async () => {
    await open({ login });
    assert.equal((await ask([BINDING, user('cpe1')])).type, 0x0101);
    assert.equal(codeOf(await ask([BINDING, CHANGE, user('cpe1')])), 401);
    assert.equal(codeOf(await ask([BINDING, CHANGE], login.password)), 432);
    assert.equal(codeOf(await ask([BINDING, CHANGE, user('cpe2')], login.password)), 430);
    assert.equal(codeOf(await ask([BINDING, CHANGE, user('cpe1')], 'wrong')), 431);
    const good = await ask([BINDING, CHANGE, user('cpe1')], login.password);
    assert.equal(good.type, 0x0101);
    const seal = good.attributes.get(INTEGRITY);
    assert.deepEqual(seal, sealOf(good.bytes.subarray(0, -24), login.password), 'sealed as the question was');
  });

  it('refuses unknown mandatory attributes and names them (RFC 3489 8.1)', async () => {
    await open();
    const answer = await ask([[0x0033, Buffer.alloc(4)]]);
    assert.equal(codeOf(answer), 420);
    assert.equal(answer.attributes.get(UNKNOWN)?.toString('hex'), '00330033');
    const otherPort = await ask([[0x0003, Buffer.from([0, 0, 0, 2])]]);
    assert.equal(codeOf(otherPort), 420, 'there is no other port to answer from');
    assert.equal((await ask([[0x0003, Buffer.alloc(4)]])).type, 0x0101);
    assert.equal((await ask([[0x9999, Buffer.alloc(4)]])).type, 0x0101, 'may be passed over');
  });

  it('answers to another port of the client, and never to another address', async () => {
    await open();
    const other = await rawPeer();
    const question = writeRaw(0x0001, '00'.repeat(16), [[RESPONSE_ADDRESS, rawAddress('127.0.0.1', other.port)]]);
    await client.send(question, server.port);
    const answer = readRaw(await other.next());
    assert.deepEqual(answer.attributes.get(MAPPED), rawAddress('127.0.0.1', client.port));
    assert.deepEqual(answer.attributes.get(0x000b), rawAddress('127.0.0.1', client.port), 'REFLECTED-FROM');
    assert.equal(codeOf(await ask([[RESPONSE_ADDRESS, rawAddress('127.0.0.2', other.port)]])), 420);
    await other.close();
  });

  it('ignores anything but a Binding Request and stays in service', async () => {
    await open();
    const junk = [
      Buffer.alloc(0),
      Buffer.from('GET http://x HTTP/1.1\r\n\r\n'),
      Buffer.alloc(5000, 1),
      writeRaw(0x0002, '00'.repeat(16), []),
      writeRaw(0x0101, '00'.repeat(16), [[MAPPED, rawAddress('127.0.0.1', 1)]]),
      Buffer.from(`0001ffff${'00'.repeat(16)}`, 'hex'),
      writeRaw(0x0001, '00'.repeat(16), [[RESPONSE_ADDRESS, Buffer.alloc(3)]]).subarray(0, 24),
    ];
    for (const bytes of junk) await client.send(bytes, server.port);
    for (const bytes of junk) assert.equal(answerBinding(bytes, { address: '127.0.0.1', port: 1 }), undefined);
    assert.equal((await ask([])).type, 0x0101);
    assert.equal(client.heard.length, 1);
  });

  it('limits the answers to one source in a second', async () => {
    await open({ perSecond: 3 });
    for (let at = 0; at < 10; at++) await client.send(writeRaw(0x0001, '11'.repeat(16), []), server.port);
    for (let at = 0; at < 3; at++) await client.next();
    // Another source is still answered, after all of these.
    const other = await rawPeer('127.0.0.2');
    await other.send(writeRaw(0x0001, '22'.repeat(16), []), server.port);
    await other.next();
    await other.close();
    await clock.advance(1000);
    await ask([]);
    assert.equal(client.heard.length, 4);
  });

  it('rejects with the reason when it cannot listen', async () => {
    await open();
    await assert.rejects(openStunServer({ host: '127.0.0.1', port: server.port, clock, log: silentLog }), {
      code: 'EADDRINUSE',
    });
  });
});
