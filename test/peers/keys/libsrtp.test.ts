// libsrtp2 judges our SRTP: packet by packet, both ways, over a roll-over of the sequence number, and SRTCP.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type SrtpKeying,
  SrtpReceiver,
  SrtpSender,
  type SrtpSuiteName,
  srtpSuites,
} from '../../../cpe/voice/media/srtp.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { buildSrtpOracle, srtpOracleNeeds, startSrtpOracle } from '../../support/servers/srtp-oracle.ts';

function rtp(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.from('8000000000000000decafbad', 'hex');
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE((sequence * 160) >>> 0, 4);
  return Buffer.concat([header, payload]);
}

peerSuite('SRTP against libsrtp2', srtpOracleNeeds, () => {
  let folder = '';
  let program = '';
  const random = seededRandom(3711);

  before(async function () {
    this.timeout(60_000);
    folder = await mkdtemp(join(tmpdir(), 'tandem-srtp-'));
    program = await buildSrtpOracle(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const pairs: [SrtpSuiteName, string][] = [
    ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_80'],
    ['AES_CM_128_HMAC_SHA1_32', 'AES_CM_128_HMAC_SHA1_32'],
    ['AES_256_CM_HMAC_SHA1_80', 'AES_256_CM_HMAC_SHA1_80'],
    // libsrtp's NULL cipher takes a salt only when its key is given with 30 bytes.
    ['NULL_HMAC_SHA1_80', 'NULL30_HMAC_SHA1_80'],
  ];
  for (const [ours, theirs] of pairs) {
    const shape = srtpSuites[ours];
    const newKeying = (): SrtpKeying => ({
      suite: ours,
      key: random.bytes(shape.keyLength),
      salt: random.bytes(shape.saltLength),
    });

    it(`makes 300 equal SRTP packets over a roll-over, each way (${ours})`, async () => {
      const keying = newKeying();
      const oracle = startSrtpOracle(program, theirs, keying);
      const sender = new SrtpSender(keying);
      const receiver = new SrtpReceiver(keying);
      for (let i = 0; i < 300; i++) {
        const plain = rtp(0x1_0000 - 150 + i, random.bytes(random.int(0, 200)));
        const wire = sender.protect(plain);
        assert.deepEqual(await oracle.ask('p', plain), wire, `protect ${i}`);
        assert.deepEqual(await oracle.ask('u', wire), plain, `libsrtp unprotects ${i}`);
        assert.deepEqual(receiver.unprotect(wire), { ok: true, packet: plain });
      }
      await oracle.close();
    });

    it(`makes equal SRTCP packets, each way (${ours})`, async () => {
      const keying = newKeying();
      const oracle = startSrtpOracle(program, theirs, keying);
      const sender = new SrtpSender(keying);
      const receiver = new SrtpReceiver(keying);
      for (let i = 0; i < 40; i++) {
        const plain = Buffer.concat([Buffer.from('80c80006decafbad', 'hex'), random.bytes(4 * random.int(5, 20))]);
        const wire = sender.protectRtcp(plain);
        assert.deepEqual(await oracle.ask('pc', plain), wire, `protect ${i}`);
        assert.deepEqual(await oracle.ask('uc', wire), plain, `libsrtp unprotects ${i}`);
        assert.deepEqual(receiver.unprotectRtcp(wire), { ok: true, packet: plain });
      }
      await oracle.close();
    });
  }

  it('refuses the same replayed, changed and old packets', async () => {
    const keying: SrtpKeying = { suite: 'AES_CM_128_HMAC_SHA1_80', key: random.bytes(16), salt: random.bytes(14) };
    const oracle = startSrtpOracle(program, keying.suite, keying);
    const sender = new SrtpSender(keying);
    const receiver = new SrtpReceiver(keying);
    const wires = Array.from({ length: 400 }, (_, i) => sender.protect(rtp(i, random.bytes(20))));
    for (let i = 0; i < 600; i++) {
      const wire = Buffer.from(wires[Math.min(399, Math.max(0, Math.floor(i / 2) + random.int(-160, 20)))] ?? []);
      if (random.next() < 0.1) wire[random.int(0, wire.length - 1)] = random.int(0, 255);
      const theirs = await oracle.ask('u', wire);
      const result = receiver.unprotect(wire);
      assert.equal(result.ok, Buffer.isBuffer(theirs), `${i}: ${theirs}, ours ${result.ok ? 'ok' : result.reason}`);
    }
    await oracle.close();
  });
});
