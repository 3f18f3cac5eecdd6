// DHCP discovery against a server of the test, on loopback and on a virtual clock.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { discover, NoLease } from '../../../cpe/agent/dhcp/discovery.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { messageType, messageTypeValue, OPTION } from '../../../shared/dhcp/options.ts';
import { type DhcpMessage, decodeMessage, encodeMessage, type Options } from '../../../shared/dhcp/packet.ts';
import { acsSubOptions, addressesValue } from '../../support/servers/dhcp-options.ts';

type Reply = { type: 'OFFER' | 'ACK' | 'NAK'; options?: [number, Buffer][]; xid?: number; raw?: Buffer } | undefined;

/** A DHCP server on loopback that answers as the test says, to the sender of the question. */
async function server(answer: (heard: DhcpMessage, count: number) => Reply | Reply[]) {
  const socket: Socket = createSocket('udp4');
  const heard: DhcpMessage[] = [];
  const arrivals: (() => void)[] = [];
  socket.on('message', (bytes, from) => {
    const message = decodeMessage(bytes);
    heard.push(message);
    for (const reply of [answer(message, heard.length)].flat()) {
      if (!reply) continue;
      const options: Options = new Map([
        [OPTION.messageType, messageTypeValue(reply.type)],
        [OPTION.serverId, Buffer.from([10, 0, 0, 1])],
        ...(reply.options ?? []),
      ]);
      const { xid } = reply;
      const base = { ...message, op: 'reply' as const, yiaddr: '10.0.0.9', ...(xid !== undefined && { xid }), options };
      socket.send(reply.raw ?? encodeMessage(base), from.port, from.address);
    }
    for (const wake of arrivals.splice(0)) wake();
  });
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address() as AddressInfo;
  return {
    heard,
    at: { host: '127.0.0.1', port },
    async until(count: number) {
      while (heard.length < count) await new Promise<void>(resolve => arrivals.push(resolve));
    },
    close: () => new Promise<void>(resolve => socket.close(() => resolve())),
  };
}

const acs = {
  acsUrl: 'http://acs.example:7547/acs',
  provisioningCode: 'P',
  retryMinimumWait: 7,
  retryMultiplier: 3000,
};
const mac = '0090f8000001';

describe('DHCP discovery (TR-069 3.1, RFC 2131)', () => {
  let closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing) await close();
    closing = [];
  });

  const ask = async (answer: Parameters<typeof server>[0], timeoutMs = 60_000) => {
    const dhcp = await server(answer);
    closing.push(dhcp.close);
    const clock = new VirtualClock();
    const stop = new AbortController();
    const random = seededRandom(1);
    const lease = discover({ server: dhcp.at, mac, clock, random, signal: stop.signal, timeoutMs });
    lease.catch(() => undefined);
    return { dhcp, clock, stop, lease };
  };

  it('asks with BROADCAST and options 60, 61 and 55, and reads the lease', async () => {
    const option43: [number, Buffer] = [OPTION.vendorSpecific, acsSubOptions(acs, 1)];
    const more: [number, Buffer][] = [
      option43,
      [OPTION.ntpServers, addressesValue(['10.0.0.2', '10.0.0.3'])],
      [OPTION.dnsServers, addressesValue(['10.0.0.4'])],
    ];
    const { dhcp, lease } = await ask((_, count) => ({ type: count === 1 ? 'OFFER' : 'ACK', options: more }));
    assert.deepEqual(await lease, {
      ...acs,
      ntpServers: ['10.0.0.2', '10.0.0.3'],
      dnsServers: ['10.0.0.4'],
      address: '10.0.0.9',
      server: '10.0.0.1',
    });
    const [first, second] = dhcp.heard;
    assert.ok(first && second);
    assert.deepEqual([messageType(first.options), messageType(second.options)], ['DISCOVER', 'REQUEST']);
    assert.equal(first.xid, second.xid);
    for (const message of [first, second]) {
      assert.equal(message.broadcast, true);
      assert.equal(message.chaddr.toString('hex'), mac);
      assert.equal(message.options.get(OPTION.vendorClass)?.toString(), 'dslforum.org');
      assert.equal(message.options.get(OPTION.clientId)?.toString(), `\0${mac}`);
      for (const code of [42, 43, 66, 67, 125]) assert.ok(message.options.get(OPTION.parameterRequest)?.includes(code));
    }
    assert.deepEqual([...(second.options.get(OPTION.requestedAddress) ?? [])], [10, 0, 0, 9]);
    assert.deepEqual([...(second.options.get(OPTION.serverId) ?? [])], [10, 0, 0, 1]);
  });

  it('prefers the offer that names an ACS', async () => {
    const named: [number, Buffer][] = [[OPTION.vendorSpecific, acsSubOptions(acs, 1)]];
    const other: [number, Buffer] = [OPTION.serverId, Buffer.from([10, 0, 0, 2])];
    const { dhcp, lease } = await ask((_, count) =>
      count === 1
        ? [{ type: 'OFFER' }, { type: 'OFFER', options: [other, ...named] }]
        : { type: 'ACK', options: [other, ...named] },
    );
    assert.equal((await lease).acsUrl, acs.acsUrl);
    assert.deepEqual([...(dhcp.heard[1]?.options.get(OPTION.serverId) ?? [])], [10, 0, 0, 2]);
  });

  it('takes an offer without an ACS when no better one comes', async () => {
    const { clock, dhcp, lease } = await ask((_, count) => ({ type: count === 1 ? 'OFFER' : 'ACK' }));
    await dhcp.until(1);
    await clock.advance(1500);
    while (dhcp.heard.length < 2) await clock.advance(100);
    assert.equal((await lease).acsUrl, undefined);
  });

  it('ignores an invalid ACS URL, and strips trailing NULs', async () => {
    for (const [url, expected] of [
      ['ftp://a/', undefined],
      ['acs.example', undefined],
      ['http://a/\0\0', 'http://a/'],
    ] as const) {
      const options: [number, Buffer][] = [[OPTION.vendorSpecific, acsSubOptions({ acsUrl: url }, 1)]];
      const { clock, dhcp, lease } = await ask((_, count) => ({ type: count === 1 ? 'OFFER' : 'ACK', options }));
      while (dhcp.heard.length < 2) await clock.advance(100);
      assert.equal((await lease).acsUrl, expected);
    }
  });

  it('repeats after 4, 8 and 16 s, each a second more or less, then gives up', async () => {
    const { clock, dhcp, lease } = await ask(() => undefined, 32_000);
    const times: number[] = [];
    for (let count = 1; count <= 4; count++) {
      while (dhcp.heard.length < count) await clock.advance(50);
      times.push(clock.monotonic());
    }
    const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    for (const [at, middle] of [4000, 8000, 16_000].entries()) {
      assert.ok(Math.abs((gaps[at] ?? 0) - middle) <= 1300, `gap ${at} is ${gaps[at]}`);
    }
    await clock.advance(60_000);
    await assert.rejects(lease, NoLease);
  });

  it('starts again from DISCOVER after a NAK', async () => {
    const options: [number, Buffer][] = [[OPTION.vendorSpecific, acsSubOptions(acs, 1)]];
    const types = ['OFFER', 'NAK', 'OFFER', 'ACK'] as const;
    const { clock, dhcp, lease } = await ask((_, count) => ({ type: types[count - 1] ?? 'NAK', options }));
    while (dhcp.heard.length < 4) await clock.advance(100);
    assert.equal((await lease).acsUrl, acs.acsUrl);
    assert.equal(dhcp.heard.length, 4);
    assert.notEqual(dhcp.heard[0]?.xid, dhcp.heard[2]?.xid);
  });

  it('B6: waits after a NAK as before a repetition, and gives up in time', async () => {
    const options: [number, Buffer][] = [[OPTION.vendorSpecific, acsSubOptions(acs, 1)]];
    const { clock, dhcp, lease } = await ask(
      (_, count) => ({ type: count % 2 === 1 ? 'OFFER' : 'NAK', options }),
      32_000,
    );
    const times: number[] = [];
    for (let count = 1; count <= 5; count += 2) {
      while (dhcp.heard.length < count) await clock.advance(50);
      times.push(clock.monotonic());
    }
    const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    for (const [at, middle] of [4000, 8000].entries()) {
      assert.ok(Math.abs((gaps[at] ?? 0) - middle) <= 1300, `gap ${at} is ${gaps[at]}`);
    }
    for (let step = 0; step < 300; step++) await clock.advance(100);
    await assert.rejects(lease, NoLease);
    assert.ok(dhcp.heard.length <= 8, `${dhcp.heard.length} datagrams`);
  });

  it('ignores other transactions and datagrams that are not DHCP', async () => {
    const options: [number, Buffer][] = [[OPTION.vendorSpecific, acsSubOptions(acs, 1)]];
    const { lease } = await ask((_, count) => [
      { type: 'OFFER', raw: Buffer.from('hello') },
      { type: 'OFFER', xid: 1, options: [[OPTION.vendorSpecific, acsSubOptions({ acsUrl: 'http://evil/' }, 1)]] },
      { type: count === 1 ? 'OFFER' : 'ACK', options },
    ]);
    assert.equal((await lease).acsUrl, acs.acsUrl);
  });

  it('ends at once when aborted', async () => {
    const { dhcp, stop, lease } = await ask(() => undefined);
    await dhcp.until(1);
    stop.abort();
    await assert.rejects(lease, { name: 'AbortError' });
  });
});
