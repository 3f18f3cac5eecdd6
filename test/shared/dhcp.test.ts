// DHCP messages and the options that lead to an ACS (RFC 2131, 2132, 3396, 3925; TR-069 3.1).
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import fc from 'fast-check';
import {
  addressesOf,
  clientIdValue,
  ENTERPRISE,
  MESSAGE_TYPES,
  messageType,
  messageTypeValue,
  numberOf,
  OPTION,
  optionText,
  readAcsOptions,
  readVendorSpecific,
} from '../../shared/dhcp/options.ts';
import { type DhcpMessage, decodeMessage, encodeMessage, MalformedDhcp, NO_ADDRESS } from '../../shared/dhcp/packet.ts';
import { startDhcpServer } from '../support/servers/dhcp.ts';
import {
  acsSubOptions,
  addressesValue,
  asksForAcs,
  subOptions,
  uint32Value,
  vendorSpecificValue,
} from '../support/servers/dhcp-options.ts';

const address = fc.ipV4();
const bytes = (max: number): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength: max }).map(array => Buffer.from(array));
const OVERLOAD = 52;
const code = fc.integer({ min: 1, max: 254 }).filter(each => each !== OVERLOAD);

const message: fc.Arbitrary<DhcpMessage> = fc.record({
  op: fc.constantFrom('request' as const, 'reply' as const),
  xid: fc.integer({ min: 0, max: 0xffffffff }),
  secs: fc.integer({ min: 0, max: 0xffff }),
  broadcast: fc.boolean(),
  ciaddr: address,
  yiaddr: address,
  siaddr: address,
  giaddr: address,
  chaddr: bytes(16),
  options: fc.array(fc.tuple(code, bytes(600)), { maxLength: 6 }).map(entries => new Map(entries)),
});

const plain = (options: Map<number, Buffer> = new Map()): DhcpMessage => ({
  op: 'request',
  xid: 1,
  secs: 0,
  broadcast: true,
  ciaddr: NO_ADDRESS,
  yiaddr: NO_ADDRESS,
  siaddr: NO_ADDRESS,
  giaddr: NO_ADDRESS,
  chaddr: Buffer.from('0090f8000001', 'hex'),
  options,
});

describe('a DHCP message', () => {
  it('reads back as written, values beyond 255 bytes included (RFC 3396)', () => {
    fc.assert(
      fc.property(message, written => {
        const read = decodeMessage(encodeMessage(written));
        const options = new Map([...read.options].sort(([a], [b]) => a - b));
        assert.deepEqual(
          { ...read, options },
          { ...written, options: new Map([...written.options].sort(([a], [b]) => a - b)) },
        );
      }),
    );
  });

  it('has at least 300 bytes, with its type first', () => {
    const encoded = encodeMessage(
      plain(
        new Map([
          [60, Buffer.from('x')],
          [53, Buffer.from([1])],
        ]),
      ),
    );
    assert.equal(encoded.length, 300);
    assert.equal(encoded[240], 53);
  });

  it('is read with padding between options, without an end, and with repeated options joined', () => {
    const head = encodeMessage(plain()).subarray(0, 240);
    const read = decodeMessage(Buffer.concat([head, Buffer.from([0, 0, 12, 1, 97, 0, 12, 1, 98])]));
    assert.equal(optionText(read.options.get(12)), 'ab');
    assert.deepEqual(
      [...decodeMessage(Buffer.concat([head, Buffer.from([12, 1, 97, 255, 12, 9])])).options.keys()],
      [12],
    );
  });

  it('is read where options continue in file and sname (RFC 2131 4.1)', () => {
    const encoded = encodeMessage(plain(new Map([[OVERLOAD, Buffer.from([3])]])));
    Buffer.from([42, 4, 10, 0, 0, 1, 255]).copy(encoded, 108);
    Buffer.from([42, 4, 10, 0, 0, 2, 255]).copy(encoded, 44);
    assert.deepEqual(addressesOf(decodeMessage(encoded).options.get(42)), ['10.0.0.1', '10.0.0.2']);
  });

  it('throws nothing but MalformedDhcp when malformed', () => {
    const good = encodeMessage(plain(new Map([[12, Buffer.from('host')]])));
    const spoilt = (at: number, value: number): Buffer => Buffer.from(good).fill(value, at, at + 1);
    for (const bad of [
      Buffer.alloc(0),
      good.subarray(0, 239),
      spoilt(0, 3),
      spoilt(2, 17),
      spoilt(237, 0),
      spoilt(241, 200),
    ]) {
      assert.throws(() => decodeMessage(bad), MalformedDhcp);
    }
    fc.assert(
      fc.property(bytes(400), fc.boolean(), (junk, dressed) => {
        try {
          decodeMessage(dressed ? Buffer.concat([good.subarray(0, 240), junk]) : junk);
        } catch (error) {
          assert.ok(error instanceof MalformedDhcp);
        }
      }),
    );
    assert.throws(() => encodeMessage({ ...plain(), ciaddr: '1.2.3.256' }), MalformedDhcp);
    assert.throws(() => encodeMessage(plain(new Map([[255, Buffer.alloc(0)]]))), MalformedDhcp);
  });
});

describe('DHCP options', () => {
  it('read back as written', () => {
    for (const type of MESSAGE_TYPES) assert.equal(messageType(new Map([[53, messageTypeValue(type)]])), type);
    assert.equal(messageType(new Map([[53, Buffer.from([0])]])), undefined);
    fc.assert(fc.property(fc.array(address), list => assert.deepEqual(addressesOf(addressesValue(list)), list)));
    assert.deepEqual(addressesOf(Buffer.from([1, 2, 3, 4, 5])), ['1.2.3.4']);
    assert.equal(numberOf(uint32Value(600)), 600);
    assert.equal(numberOf(Buffer.alloc(3)), undefined);
    assert.equal(optionText(Buffer.from('a\0\0')), 'a');
    assert.equal(clientIdValue('hardware', Buffer.from([9])).toString('hex'), '0109');
    assert.equal(clientIdValue('text', Buffer.from('0090f8')).toString('latin1'), '\x000090f8');
  });
});

describe('the ACS in DHCP (TR-069 3.1)', () => {
  const all = {
    acsUrl: 'https://acs.example:7547/',
    provisioningCode: 'A.B',
    retryMinimumWait: 7,
    retryMultiplier: 1500,
  };
  const vendor = (value: Buffer): Map<number, Buffer> => new Map([[OPTION.vendorSpecific, value]]);
  const identified = (value: Buffer): Map<number, Buffer> =>
    new Map([[OPTION.viVendorSpecific, vendorSpecificValue(ENTERPRISE, value)]]);

  it('is read from option 43 and from option 125', () => {
    assert.deepEqual(readAcsOptions(vendor(acsSubOptions(all, 1))), all);
    assert.deepEqual(readAcsOptions(identified(acsSubOptions(all, 11))), all);
  });

  it('is read from option 43 first, and completed from option 125', () => {
    const both = new Map([...vendor(acsSubOptions({ acsUrl: 'http://a/' }, 1)), ...identified(acsSubOptions(all, 11))]);
    assert.deepEqual(readAcsOptions(both), { ...all, acsUrl: 'http://a/' });
  });

  it('is read in any order, with padding, an end, and trailing NULs', () => {
    const value = Buffer.concat([
      Buffer.from([0]),
      subOptions({ 2: 'P\0' }),
      Buffer.from([0, 0]),
      subOptions({ 1: 'http://a/b\0\0' }),
    ]);
    const expected = { acsUrl: 'http://a/b', provisioningCode: 'P' };
    assert.deepEqual(readAcsOptions(vendor(value)), expected);
    assert.deepEqual(readAcsOptions(vendor(Buffer.concat([value, Buffer.from([255, 1, 2, 3])]))), expected);
  });

  it('is read from a bare URL in option 43', () => {
    assert.deepEqual(readAcsOptions(vendor(Buffer.from('HTTP://acs.example/x\0'))), { acsUrl: 'HTTP://acs.example/x' });
  });

  it('D9: is read from a bare URL in option 43 with a closing 0xFF, NULs or both', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.array(fc.constantFrom(0, 255), { maxLength: 4 }), (url, end) => {
        const value = Buffer.concat([Buffer.from(url), Buffer.from(end)]);
        assert.deepEqual(readAcsOptions(vendor(value)), { acsUrl: url });
      }),
    );
  });

  it('omits malformed values and keeps the rest', () => {
    const value = subOptions({ 1: 'ftp://a/', 2: 'x'.repeat(65), 3: '0', 4: '2000' });
    assert.deepEqual(readAcsOptions(vendor(value)), { retryMultiplier: 2000 });
    for (const url of ['acs.example', 'http://', 'http:///x y', '/acs', `http://a/${'x'.repeat(300)}`]) {
      const parts = Buffer.concat([subOptions({ 1: url.slice(0, 200) }), subOptions({ 1: url.slice(200) })]);
      assert.deepEqual(readAcsOptions(vendor(parts)), {}, url);
    }
    assert.deepEqual(readAcsOptions(vendor(Buffer.from([2, 1, 65, 1, 200, 104]))), { provisioningCode: 'A' });
    assert.deepEqual(readAcsOptions(new Map()), {});
  });

  it('never throws on any options', () => {
    fc.assert(
      fc.property(bytes(300), bytes(300), bytes(300), (own, other, third) => {
        readAcsOptions(
          new Map([
            [43, own],
            [125, other],
            [124, third],
          ]),
        );
        asksForAcs(
          new Map([
            [60, own],
            [124, third],
          ]),
        );
        readVendorSpecific(other);
      }),
    );
  });

  it('is requested by dslforum.org anywhere in option 60, or in option 124', () => {
    assert.ok(asksForAcs(new Map([[60, Buffer.from('udhcp dslforum.org 1')]])));
    assert.ok(!asksForAcs(new Map([[60, Buffer.from('udhcp')]])));
    assert.ok(asksForAcs(new Map([[124, vendorSpecificValue(ENTERPRISE, Buffer.from('\x0cdslforum.org', 'latin1'))]])));
  });
});

describe('the DHCP server of the tests', () => {
  it('sends the ACS only to a client that asks', async () => {
    const server = await startDhcpServer({ acsUrl: 'http://a/', ntpServers: ['127.0.0.1'] });
    const client = createSocket('udp4');
    try {
      const ask = async (options: [number, Buffer][]): Promise<DhcpMessage> => {
        client.send(encodeMessage(plain(new Map(options))), server.port, '127.0.0.1');
        const [answer] = (await once(client, 'message')) as [Buffer];
        return decodeMessage(answer);
      };
      const offer = await ask([
        [53, messageTypeValue('DISCOVER')],
        [60, Buffer.from('dslforum.org')],
      ]);
      assert.equal(messageType(offer.options), 'OFFER');
      assert.equal(readAcsOptions(offer.options).acsUrl, 'http://a/');
      assert.deepEqual(addressesOf(offer.options.get(42)), ['127.0.0.1']);
      const inform = await ask([[53, messageTypeValue('INFORM')]]);
      assert.equal(messageType(inform.options), 'ACK');
      assert.equal(inform.yiaddr, NO_ADDRESS);
      assert.deepEqual(readAcsOptions(inform.options), {});
      assert.deepEqual(
        server.requests.map(each => each.type),
        ['DISCOVER', 'INFORM'],
      );
    } finally {
      client.close();
      await server.close();
    }
  });
});
