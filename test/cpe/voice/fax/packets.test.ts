// The packets of T.38: UDPTL with its repetitions, and IFP.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeIfp, encodeIfp, type Ifp } from '../../../../cpe/voice/fax/ifp.ts';
import { decodeUdptl, encodeUdptl, UdptlReceiver, UdptlSender } from '../../../../cpe/voice/fax/udptl.ts';
import { seededRandom } from '../../../../shared/clock.ts';

const bytes = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map(array => Buffer.from(array));
const noNullPrototype = { noNullPrototype: true } as const;

describe('UDPTL', () => {
  it('decodes encoded packets to the same', () => {
    const packets = fc.record(
      {
        sequence: fc.integer({ min: 0, max: 0xffff }),
        primary: bytes(1, 300),
        secondaries: fc.array(bytes(1, 300), { maxLength: 5 }),
      },
      noNullPrototype,
    );
    fc.assert(fc.property(packets, packet => assert.deepEqual(decodeUdptl(encodeUdptl(packet)), packet)));
  });

  it('refuses what is empty, too long or cut, and reads anything without a fault', () => {
    assert.throws(() => encodeUdptl({ sequence: 0, primary: Buffer.alloc(0), secondaries: [] }), RangeError);
    const good = encodeUdptl({
      sequence: 1,
      primary: Buffer.from('06', 'hex'),
      secondaries: [Buffer.from('04', 'hex')],
    });
    for (let length = 0; length < good.length; length++) assert.equal(decodeUdptl(good.subarray(0, length)), undefined);
    for (const hex of ['000000', '00000006', '0000c1060000', '0000010600ff', '0000ffff06'])
      assert.equal(decodeUdptl(Buffer.from(hex, 'hex')), undefined, hex);
    fc.assert(
      fc.property(bytes(0, 80), junk => void decodeUdptl(junk)),
      { numRuns: 2000 },
    );
  });

  it('takes the primary packet of one with forward error correction', () => {
    const packet = decodeUdptl(Buffer.from('00050106800101', 'hex'));
    assert.equal(packet?.primary.toString('hex'), '06');
    assert.deepEqual(packet?.secondaries, []);
  });

  it('loses nothing while fewer datagrams in sequence are lost than are repeated', () => {
    const [sender, receiver, random] = [new UdptlSender(3), new UdptlReceiver(), seededRandom(38)];
    const heard: number[] = [];
    let gap = 0;
    for (let i = 0; i < 70_000; i++) {
      const datagram = sender.next(Buffer.from([i & 0xff]));
      const drop = gap < 3 && random.int(0, 2) === 0 && i > 0 && i < 69_999;
      gap = drop ? gap + 1 : 0;
      if (!drop) for (const packet of receiver.take(datagram) ?? []) heard.push(packet[0] ?? -1);
    }
    assert.equal(heard.length, 70_000);
    assert.ok(heard.every((byte, i) => byte === (i & 0xff)));
    assert.equal(receiver.lost, 0);
  });

  it('counts what is lost beyond repair, and takes a repeated or late datagram once', () => {
    const [sender, receiver] = [new UdptlSender(1), new UdptlReceiver()];
    const datagrams = Array.from({ length: 6 }, (_, i) => sender.next(Buffer.from([i])));
    const taken = [0, 0, 4, 3, 5].flatMap(i => receiver.take(datagrams[i] ?? Buffer.alloc(0)) ?? []);
    assert.deepEqual(
      taken.map(packet => packet[0]),
      [0, 3, 4, 5],
    );
    assert.equal(receiver.lost, 2);
  });
});

describe('IFP', () => {
  const indicator = fc.constantFrom('no-signal', 'cng', 'ced', 'v21-preamble', 'v17-14400-long-training');
  const type = fc.constantFrom('v21', 'v27-2400', 'v29-9600', 'v17-14400');
  const field = fc.record(
    {
      type: fc.constantFrom('hdlc-data', 'hdlc-fcs-OK', 'hdlc-fcs-OK-sig-end', 't4-non-ecm-data', 't4-non-ecm-sig-end'),
      data: bytes(0, 300),
    },
    noNullPrototype,
  );
  const packets = fc.oneof(
    fc.record({ kind: fc.constant('indicator'), indicator }, noNullPrototype),
    fc.record({ kind: fc.constant('data'), type, fields: fc.array(field, { maxLength: 6 }) }, noNullPrototype),
  );

  it('decodes encoded packets to the same', () => {
    fc.assert(fc.property(packets, packet => assert.deepEqual(decodeIfp(encodeIfp(packet as Ifp)), packet)));
  });

  it('has the bytes of the first version of annex A', () => {
    const hex = (packet: Ifp): string => encodeIfp(packet).toString('hex');
    assert.equal(hex({ kind: 'indicator', indicator: 'v21-preamble' }), '06');
    assert.equal(hex({ kind: 'indicator', indicator: 'v17-14400-long-training' }), '1e');
    const data = { type: 'hdlc-data', data: Buffer.from('ffc8', 'hex') } as const;
    const end = { type: 'hdlc-fcs-OK-sig-end', data: Buffer.alloc(0) } as const;
    assert.equal(hex({ kind: 'data', type: 'v21', fields: [data, end] }), 'c002800001ffc840');
  });

  it('refuses what is cut or of a later version, and reads anything without a fault', () => {
    const good = Buffer.from('c002800001ffc840', 'hex');
    for (let length = 0; length < good.length; length++) assert.equal(decodeIfp(good.subarray(0, length)), undefined);
    for (const hex of ['20', '52', 'c0ff', 'c0018000ff01'])
      assert.equal(decodeIfp(Buffer.from(hex, 'hex')), undefined, hex);
    fc.assert(
      fc.property(bytes(0, 60), junk => void decodeIfp(junk)),
      { numRuns: 2000 },
    );
  });
});
