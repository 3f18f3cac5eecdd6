// Q.931 messages with the User-User element, and TPKT packets in a stream.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { userInformation } from '../../../pbx/h323/asn1/call-signalling.ts';
import { H323Error } from '../../../pbx/h323/error.ts';
import { type CallMessage, type CallMessageType, messageTypes } from '../../../pbx/h323/messages.ts';
import { decodeCall, encodeCall } from '../../../pbx/h323/q931.ts';
import { TpktFramer, tpktPacket } from '../../../pbx/h323/tpkt.ts';
import { setup } from '../../support/h323/messages.ts';
import { valuesOf } from '../../support/h323/values.ts';

const fails = (work: () => unknown, message: RegExp): void => {
  assert.throws(work, (error: unknown) => error instanceof H323Error && message.test(error.message));
};

const digits = fc.stringMatching(/^[0-9*#]{0,20}$/);
const messages: fc.Arbitrary<CallMessage> = fc.record(
  {
    type: fc.constantFrom(...(Object.keys(messageTypes) as CallMessageType[])),
    callReference: fc.integer({ min: 0, max: 0x7fff }),
    isFromDestination: fc.boolean(),
    cause: fc.integer({ min: 0, max: 127 }),
    display: fc.stringMatching(/^[ -~]{0,40}$/),
    calledNumber: fc.record({ digits, typeAndPlan: fc.integer({ min: 0, max: 127 }) }, { noNullPrototype: true }),
    callingNumber: fc.record(
      { digits, typeAndPlan: fc.integer({ min: 0, max: 127 }), presentation: fc.integer({ min: 0, max: 127 }) },
      { requiredKeys: ['digits', 'typeAndPlan'], noNullPrototype: true },
    ),
    user: valuesOf(userInformation, { hasOpaque: true, hasUnknown: true }),
    elements: fc.constantFrom([], [{ id: 0xa1 }, { id: 0x04, content: Buffer.from('8890a5', 'hex') }]),
  },
  { requiredKeys: ['type', 'callReference', 'isFromDestination', 'elements'], noNullPrototype: true },
);

describe('Q.931 messages', () => {
  it('are decoded to what was encoded', function () {
    this.timeout(30_000);
    fc.assert(
      fc.property(messages, message => assert.deepEqual(decodeCall(encodeCall(message)), message)),
      { numRuns: 300 },
    );
  });

  it('have their elements in ascending order, those of one octet first', () => {
    const bytes = encodeCall({
      ...setup(5, '200', '201'),
      elements: [{ id: 0x34, content: Buffer.of(1) }, { id: 0xa1 }],
    });
    assert.equal(bytes.toString('hex', 0, 6), '0802000505a1');
    assert.equal(bytes.toString('hex', 6, 11), '2803416461');
    assert.equal(bytes.toString('hex', 11, 14), '340101');
  });

  it('keep elements of other codesets, behind those of codeset 0', () => {
    // A locking shift to codeset 6 and one for an element alone to codeset 5.
    const bytes = Buffer.from('0802000505' + '96' + '080177' + '9d' + '280142' + '6c0101', 'hex');
    const message = decodeCall(bytes);
    assert.deepEqual(message.elements, [
      { id: 0x08, content: Buffer.of(0x77), codeset: 6 },
      { id: 0x28, content: Buffer.of(0x42), codeset: 5 },
      { id: 0x6c, content: Buffer.of(1), codeset: 6 },
    ]);
    assert.equal(message.cause, undefined);
    assert.deepEqual(decodeCall(encodeCall(message)).elements?.length, 3);
  });

  it('read a cause with and without a recommendation', () => {
    const withCause = (content: string): number | undefined =>
      decodeCall(Buffer.from(`080200055a08${content}`, 'hex')).cause;
    assert.equal(withCause('028090'), 16);
    assert.equal(withCause('03008091'), 17);
    assert.equal(withCause('00'), undefined);
  });

  it('are refused with the place of the fault', () => {
    fails(() => decodeCall(Buffer.alloc(0)), /^0 octets are no message of Q\.931$/);
    fails(() => decodeCall(Buffer.from('0902000505', 'hex')), /^protocol discriminator 9/);
    fails(() => decodeCall(Buffer.from('08010505', 'hex')), /no message of Q\.931|call reference of 1/);
    fails(() => decodeCall(Buffer.from('0802000506', 'hex')), /^message type 6 is unknown$/);
    fails(() => decodeCall(Buffer.from('0802000505' + '2805', 'hex')), /^element 40: the message ends/);
    fails(() => decodeCall(Buffer.from('0802000505' + '7e00020500', 'hex')), /^user\.h323-uu-pdu/);
    fails(() => decodeCall(Buffer.from('0802000505' + '7e000104', 'hex')), /^user: protocol discriminator 4/);
    fails(() => decodeCall(Buffer.from(`0802000505${'0100'.repeat(65)}`, 'hex')), /^more than 64 elements$/);
    fails(() => encodeCall({ ...setup(1, '1', '2'), callReference: 0x8000 }), /no call reference/);
  });
});

describe('TPKT', () => {
  const received = (chunks: readonly Buffer[]): { packets: Buffer[]; errors: string[] } => {
    const packets: Buffer[] = [];
    const errors: string[] = [];
    const framer = new TpktFramer({
      packet: bytes => packets.push(bytes),
      broken: error => errors.push(error.message),
    });
    for (const chunk of chunks) framer.take(chunk);
    return { packets, errors };
  };
  const contents = [Buffer.from('a'), Buffer.alloc(300, 'b'), Buffer.alloc(65_531, 'c'), Buffer.from('d')];
  const stream = Buffer.concat(contents.map(content => tpktPacket(content)));

  it('gives whole packets, however the stream is cut', () => {
    const octets = Array.from(stream, octet => Buffer.of(octet));
    assert.deepEqual(received([stream]).packets, contents);
    assert.deepEqual(received(octets).packets, contents);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 8 }), cuts => {
        const ends = [0, ...cuts.sort((one, other) => one - other), stream.length];
        const chunks = ends.slice(1).map((end, at) => stream.subarray(ends[at], end));
        assert.deepEqual(received(chunks).packets, contents);
      }),
      { numRuns: 50 },
    );
  });

  it('skips packets without content, which keep a connection open', () => {
    const empty = Buffer.from('03000004', 'hex');
    assert.deepEqual(received([empty, tpktPacket(Buffer.from('a')), empty]).packets, [Buffer.from('a')]);
  });

  it('says once that a stream is no TPKT, and takes no more of it', () => {
    const { packets, errors } = received([tpktPacket(Buffer.from('a')), Buffer.from('GET / HTTP/1.1\r\n'), stream]);
    assert.deepEqual(packets, [Buffer.from('a')]);
    assert.deepEqual(errors, ['47455420 is no header of TPKT']);
    assert.deepEqual(received([Buffer.from('03000003ff', 'hex')]).errors, ['03000003 is no header of TPKT']);
  });

  it('makes no packet that is too long', () => {
    fails(() => tpktPacket(Buffer.alloc(65_532)), /^a packet of 65536 bytes; at most 65535$/);
  });
});
