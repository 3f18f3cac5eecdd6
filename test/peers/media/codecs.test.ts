// libspandsp judges G.722 and G.726: every byte that our encoders make, every sample that our decoders make.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { type CodecName, codecShape } from '../../../cpe/voice/media/codecs/table.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { type CompiledProgram, compileSpandsp, spandspNeeds } from '../../support/servers/spandsp.ts';

const judged: CodecName[] = ['G722', 'G726-16', 'G726-24', 'G726-32', 'G726-40'];
const SAMPLES = 40_000;

/** A tone with noise that grows from silence to clipping, then noise alone. */
function audio(): Int16Array {
  const random = seededRandom(722);
  const noise = (): number => random.int(-32_768, 32_767);
  return Int16Array.from({ length: SAMPLES }, (_, i) => {
    const level = Math.min(1, i / 30_000);
    return i < 32_000 ? 0.8 * level * 32_767 * Math.sin(i * 0.31) + 0.2 * level * noise() : noise();
  });
}

peerSuite('codecs against libspandsp', spandspNeeds, () => {
  let oracle: CompiledProgram;
  before(async () => {
    oracle = await compileSpandsp('codec-oracle');
  });
  after(() => oracle.remove());

  function ask(verb: string, codec: string, input: Buffer): Buffer {
    const { status, stdout } = spawnSync(oracle.path, [verb, codec.toLowerCase()], { input, maxBuffer: 2 ** 24 });
    assert.equal(status, 0);
    return stdout;
  }

  /** Where ours clips, libspandsp wraps: such samples are left out. */
  function assertSamples(ours: Int16Array, bytes: Buffer): void {
    assert.equal(2 * ours.length, bytes.length);
    for (const [i, sample] of ours.entries()) {
      if (sample === 32_767 || sample === -32_768) continue;
      assert.equal(sample, bytes.readInt16LE(2 * i), `sample ${i}`);
    }
  }

  for (const codec of judged) {
    it(`encodes and decodes ${codec} to the same bits as libspandsp`, () => {
      const { open } = codecShape(codec);
      const samples = audio();
      const payload = open().encode(samples);
      assert.ok(payload.equals(ask('encode', codec, Buffer.from(samples.buffer))), 'bytes differ');
      assertSamples(open().decode(payload), ask('decode', codec, payload));
      const junk = seededRandom(726).bytes(20_000);
      assertSamples(open().decode(junk), ask('decode', codec, junk));
    });
  }
});
