// SRTP and SRTCP: the published vectors, and what must hold for every packet.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  deriveKey,
  keystreamXor,
  type SrtpKeying,
  SrtpReceiver,
  SrtpSender,
  type SrtpSuiteName,
  srtpSuites,
} from '../../../cpe/voice/media/srtp.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const names = Object.keys(srtpSuites) as SrtpSuiteName[];

const master = { key: hex('E1F97A0D3E018BE0D64FA32C06DE4139'), salt: hex('0EC675AD498AFEEBB6960B3AABE6') };
const master256 = {
  key: hex('f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6'),
  salt: hex('3b04803de51ee7c96423ab5b78d2'),
};

function keyingFor(suite: SrtpSuiteName): SrtpKeying {
  return { suite, ...(srtpSuites[suite].keyLength === 32 ? master256 : master) };
}

/** An RTP packet: 12 bytes of header, payload type 0. */
function rtp(sequence: number, payload: Buffer = Buffer.from('payload of a packet'), ssrc = 0xcafebabe): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE((sequence * 160) >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}

const packetOf = (result: ReturnType<SrtpReceiver['unprotect']>): Buffer => {
  assert.ok(result.ok, result.ok ? '' : result.reason);
  return result.packet;
};
const reasonOf = (result: ReturnType<SrtpReceiver['unprotect']>): string => (result.ok ? 'ok' : result.reason);

describe('SRTP vectors', () => {
  it('makes the keystreams of RFC 3711 B.2 and RFC 6188 7.1', () => {
    const cases = [
      {
        key: '2B7E151628AED2A6ABF7158809CF4F3C',
        first: 'E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0',
        later: 'EC8CDF7398607CB0F2D21675EA9EA1E4362B7C3C6773516318A077D7FC5073AE6A2CC3787889374FBEB4C81B17BA6C44',
      },
      {
        key: '57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98',
        first: '92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac63c4868b7096d88421b563b8c94c9a31',
        later: 'cea518c90fd91ced9cbb18c078a547113dbc4814f4da5f00a08772b63c6a046d6eb246913062a16891433e97dd01a57f',
      },
    ];
    for (const { key, first, later } of cases) {
      const stream = keystreamXor(hex(key), hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000'), Buffer.alloc(0xff02 * 16));
      assert.deepEqual(stream.subarray(0, 48), hex(first));
      assert.deepEqual(stream.subarray(0xfeff * 16), hex(later));
    }
  });

  it('derives the keys of RFC 3711 B.3', () => {
    assert.deepEqual(deriveKey(master, 0, 16), hex('C61E7A93744F39EE10734AFE3FF7A087'));
    assert.deepEqual(deriveKey(master, 2, 14), hex('30CBBC08863D8C85D49DB34A9AE1'));
    assert.deepEqual(
      deriveKey(master, 1, 94),
      hex(`CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE E049646C43D9327AD175578EF7227098
        6371C10C9A369AC2F94A8C5FBCDDDC25 6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2`),
    );
  });

  it('derives the AES-256 keys of RFC 6188 7.2', () => {
    assert.deepEqual(
      deriveKey(master256, 0, 32),
      hex('5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4'),
    );
    assert.deepEqual(deriveKey(master256, 2, 14), hex('fa31791685ca444a9e07c6c64e93'));
    assert.deepEqual(deriveKey(master256, 1, 20), hex('fd9c32d39ed5fbb5a9dc96b30818454d1313dc05'));
  });

  it('protects an RTP and an RTCP packet as libsrtp does', () => {
    const keying = keyingFor('AES_CM_128_HMAC_SHA1_80');
    const plain = hex('800f1234decafbadcafebabeabababababababababababababababab');
    const wire = hex('800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb');
    assert.deepEqual(new SrtpSender(keying).protect(plain), wire);
    assert.deepEqual(packetOf(new SrtpReceiver(keying).unprotect(wire)), plain);
    const rtcp = Buffer.concat([hex('81c8000bcafebabe'), Buffer.alloc(16, 0xab)]);
    const hidden = new SrtpSender(keying).protectRtcp(rtcp);
    assert.equal(hidden.length, 8 + 16 + 4 + 10);
    const tail = '7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798';
    assert.ok(hidden.toString('hex').endsWith(tail), hidden.toString('hex'));
    assert.deepEqual(packetOf(new SrtpReceiver(keying).unprotectRtcp(hidden)), rtcp);
  });
});

describe('SRTP', () => {
  it('unprotects any protected packet to the same', () => {
    const packets = fc.record({
      suite: fc.constantFrom(...names),
      csrcs: fc.integer({ min: 0, max: 15 }),
      extension: fc.option(fc.uint8Array({ maxLength: 6 }), { nil: undefined }),
      sequence: fc.integer({ min: 0, max: 0xffff }),
      ssrc: fc.integer({ min: 0, max: 0xffff_ffff }),
      payload: fc.uint8Array({ maxLength: 200 }),
      mki: fc.uint8Array({ maxLength: 4 }),
    });
    fc.assert(
      fc.property(packets, ({ suite, csrcs, extension, sequence, ssrc, payload, mki }) => {
        const words = extension ? Buffer.alloc(4 * extension.length, 7) : Buffer.alloc(0);
        const head = extension ? Buffer.from([0xbe, 0xde, 0, extension.length]) : Buffer.alloc(0);
        const packet = Buffer.concat([rtp(sequence, Buffer.alloc(4 * csrcs, 1), ssrc), head, words, payload]);
        packet[0] = 0x80 | (extension ? 0x10 : 0) | csrcs;
        const keying = { ...keyingFor(suite), mki: Buffer.from(mki) };
        const wire = new SrtpSender(keying).protect(packet);
        assert.equal(wire.length, packet.length + mki.length + srtpSuites[suite].tagLength);
        assert.deepEqual(packetOf(new SrtpReceiver(keying).unprotect(wire)), packet);
      }),
      { numRuns: 300 },
    );
  });

  it('unprotects SRTCP to the same, with E 0 without encryption (RFC 3711 3.4)', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 100 }), (suite, body) => {
        const packet = Buffer.concat([hex('81c80006cafebabe'), body]);
        const sender = new SrtpSender(keyingFor(suite));
        const receiver = new SrtpReceiver(keyingFor(suite));
        for (let i = 1; i <= 3; i++) {
          const wire = sender.protectRtcp(packet);
          const trailer = wire.readUInt32BE(wire.length - 14);
          assert.equal(trailer, (suite === 'NULL_HMAC_SHA1_80' ? 0 : 0x8000_0000) + i);
          assert.deepEqual(packetOf(receiver.unprotectRtcp(wire)), packet);
          assert.equal(reasonOf(receiver.unprotectRtcp(wire)), 'replay');
        }
      }),
      { numRuns: 100 },
    );
  });

  it('refuses any flipped bit without disturbing later packets', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.boolean(), (suite, at, control) => {
        const sender = new SrtpSender(keyingFor(suite));
        const receiver = new SrtpReceiver(keyingFor(suite));
        const take = (wire: Buffer) => (control ? receiver.unprotectRtcp(wire) : receiver.unprotect(wire));
        const plain = control ? hex('81c80006cafebabe00112233445566778899') : rtp(7);
        const wire = control ? sender.protectRtcp(plain) : sender.protect(plain);
        const bit = at % (wire.length * 8);
        const flipped = Buffer.from(wire);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        assert.equal(take(flipped).ok, false, `bit ${bit}`);
        assert.deepEqual(packetOf(take(wire)), plain);
      }),
      { numRuns: 400 },
    );
  });

  it('accepts every packet once across loss, reordering and a roll-over', () => {
    const order = fc.array(fc.record({ lost: fc.boolean(), late: fc.integer({ min: 0, max: 40 }) }), {
      minLength: 60,
      maxLength: 120,
    });
    fc.assert(
      fc.property(fc.constantFrom(...names), order, (suite, fates) => {
        const sender = new SrtpSender(keyingFor(suite));
        const receiver = new SrtpReceiver(keyingFor(suite));
        // The first packet arrives, well before the wrap (RFC 3711 3.3.1 needs to be in step within 2^15).
        const start = 0x1_0000 - Math.floor(fates.length / 2);
        packetOf(receiver.unprotect(sender.protect(rtp(start - 1))));
        const sent = fates.map((fate, i) => ({
          plain: rtp(start + i),
          wire: sender.protect(rtp(start + i)),
          at: i + fate.late,
          fate,
        }));
        const arriving = sent.filter(one => !one.fate.lost).sort((a, b) => a.at - b.at);
        for (const { plain, wire } of arriving) {
          assert.deepEqual(packetOf(receiver.unprotect(wire)), plain);
          assert.equal(reasonOf(receiver.unprotect(wire)), 'replay');
        }
        for (const { wire } of arriving) assert.equal(reasonOf(receiver.unprotect(wire)), 'replay');
      }),
      { numRuns: 60 },
    );
  });

  it('refuses packets older than the replay window (RFC 3711 3.3.2)', () => {
    const keying = keyingFor('AES_CM_128_HMAC_SHA1_80');
    const sender = new SrtpSender(keying);
    const receiver = new SrtpReceiver(keying);
    const wires = Array.from({ length: 300 }, (_, i) => sender.protect(rtp(i)));
    const take = (i: number): string => reasonOf(receiver.unprotect(wires[i] ?? Buffer.alloc(0)));
    assert.equal(take(299), 'ok');
    assert.equal(take(299 - 127), 'ok');
    assert.equal(take(299 - 128), 'replay');
    assert.equal(take(299 - 127), 'replay');
  });

  it('counts roll-overs on both sides over several million packets', () => {
    const keying = keyingFor('NULL_HMAC_SHA1_80');
    const sender = new SrtpSender(keying);
    const receiver = new SrtpReceiver(keying);
    for (let sequence = 0; sequence < 4 * 0x1_0000; sequence += 0x2000) {
      const plain = rtp(sequence);
      assert.deepEqual(packetOf(receiver.unprotect(sender.protect(plain))), plain);
    }
    // Beyond a roll-over a receiver that starts afresh guesses 0 and must fail.
    assert.equal(reasonOf(new SrtpReceiver(keying).unprotect(sender.protect(rtp(5)))), 'authentication');
  });

  it('begins at the roll-over counter of its key, and ends with the highest one', () => {
    const highest = 0xffff_ffff;
    const keying = { ...keyingFor('AES_CM_128_HMAC_SHA1_80'), roc: highest };
    const [sender, receiver] = [new SrtpSender(keying), new SrtpReceiver(keying)];
    const last = sender.protect(rtp(0xffff));
    assert.ok(receiver.unprotect(last).ok);
    assert.deepEqual(new SrtpReceiver({ ...keying, roc: 0 }).unprotect(last), { ok: false, reason: 'authentication' });
    assert.throws(() => sender.protect(rtp(0)), RangeError);
    const beyond = new SrtpSender({ ...keying, roc: 0 }).protect(rtp(0));
    assert.deepEqual(receiver.unprotect(beyond), { ok: false, reason: 'replay' });
  });

  it('takes no other source than that of its key', () => {
    const keying = { ...keyingFor('AES_CM_128_HMAC_SHA1_80'), ssrc: 5 };
    const receiver = new SrtpReceiver(keying);
    const wire = (ssrc: number): Buffer => new SrtpSender(keying).protect(rtp(1, Buffer.alloc(20), ssrc));
    const report = (ssrc: number): Buffer => {
      const packet = Buffer.concat([hex('80c8000600000000'), Buffer.alloc(20)]);
      packet.writeUInt32BE(ssrc, 4);
      return new SrtpSender(keying).protectRtcp(packet);
    };
    for (const refused of [receiver.unprotect(wire(6)), receiver.unprotectRtcp(report(6))])
      assert.deepEqual(refused, { ok: false, reason: 'other-source' });
    assert.ok(receiver.unprotect(wire(5)).ok && receiver.unprotectRtcp(report(5)).ok);
  });

  it('keeps a bounded state per SSRC, only from packets that authenticate', () => {
    const keying = keyingFor('AES_CM_128_HMAC_SHA1_32');
    const receiver = new SrtpReceiver(keying);
    const stranger = new SrtpSender({ ...keying, key: Buffer.alloc(16, 1) });
    for (let i = 0; i < 100; i++) {
      assert.equal(reasonOf(receiver.unprotect(stranger.protect(rtp(1, Buffer.from('x'), i)))), 'authentication');
    }
    const sender = new SrtpSender(keying);
    for (let i = 0; i < 32; i++) {
      assert.equal(reasonOf(receiver.unprotect(sender.protect(rtp(1000 * i, Buffer.from('x'), i)))), 'ok');
    }
    assert.equal(reasonOf(receiver.unprotect(sender.protect(rtp(1, Buffer.from('x'), 32)))), 'too-many-sources');
  });

  it('refuses junk without throwing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 80 }), (suite, bytes) => {
        const receiver = new SrtpReceiver(keyingFor(suite));
        assert.equal(receiver.unprotect(Buffer.from(bytes)).ok, false);
        assert.equal(receiver.unprotectRtcp(Buffer.from(bytes)).ok, false);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a key of the wrong length at once', () => {
    const keying = { ...keyingFor('AES_CM_128_HMAC_SHA1_80'), key: Buffer.alloc(15) };
    assert.throws(() => new SrtpSender(keying), RangeError);
    assert.throws(() => new SrtpReceiver(keying), RangeError);
  });
});
