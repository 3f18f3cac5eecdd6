// baresip judges the codecs and digits of a unit: G.711, G.722 and telephone-events, in calls with SRTP through Kamailio. G.726 is left
// to libspandsp: with baresip 1.0 it fails both ways, as if that put the first code word into the high bits of a byte, not the low ones
// (RFC 3551 4.5.4).
import assert from 'node:assert/strict';
import type { Call } from '../../../cpe/voice/call/call.ts';
import { type CodecName, codecShape } from '../../../cpe/voice/media/codecs/table.ts';
import type { EndpointMedia } from '../../../cpe/voice/media/endpoint-media.ts';
import { recogniseTone } from '../../../cpe/voice/media/tone.ts';
import { assertTone, reached, talking, type Unit } from '../../support/cpe/voice.ts';
import { eventually } from '../../support/eventually.ts';
import { type Baresip, registeredBaresip } from '../../support/servers/baresip.ts';
import { type Lab, openLab, peerSuite } from '../../support/servers/peers.ts';
import { registeredLabUnit } from '../../support/voice/lab-unit.ts';

const mediaOf = (codec: CodecName): EndpointMedia => ({
  codecs: [{ codec, payloadType: codecShape(codec).payloadType ?? 99, minPtime: 20, maxPtime: 20 }],
  dtmf: { transport: 'rtp', payloadType: 101, initialPackets: 3 },
});

const modules = ['/usr/lib/baresip/modules/g722.so'];

peerSuite(
  'codecs and digits with baresip',
  { programs: ['kamailio', 'baresip', 'openssl', 'ss'], files: modules, lab: true },
  function () {
    this.timeout(60_000);
    let lab: Lab;
    let baresip: Baresip;
    let unit: Unit | undefined;
    before(async () => {
      lab = await openLab();
      await lab.start('kamailio');
      baresip = await registeredBaresip(lab, {
        codecs: {
          modules: ['g722'],
          names: 'PCMU/8000,PCMA/8000,G722/16000',
        },
      });
    });
    afterEach(async () => {
      await unit?.agent.stop();
    });
    after(async () => {
      await baresip?.stop();
      await lab?.close();
    });
    const call = async (codec: CodecName): Promise<Call> => {
      unit = await registeredLabUnit(lab, '100', { tone: 440 }, { mediaOf: () => mediaOf(codec) });
      return unit.agent.call('100', 'sip:101@lab.test');
    };

    for (const codec of ['PCMU', 'PCMA', 'G722'] as const) {
      it(`carries tones both ways as ${codec}`, async () => {
        const placed = await call(codec);
        await talking(100, placed);
        const stats = placed.stats();
        assert.equal(stats.codec, codec);
        assertTone(stats.tone, 880, 'what baresip said');
        assert.deepEqual([stats.authFailures, stats.lost], [0, 0]);
        await placed.hangup();
        const rate = codecShape(codec).sampleRate;
        const hasTone = async (): Promise<boolean> => {
          const heard = await baresip.recording();
          const tone = recogniseTone(heard.subarray(-rate, -rate / 4), rate);
          return tone !== undefined && Math.abs(tone - 440) <= 2;
        };
        await eventually('a recording with our tone', hasTone, 5000, 200);
      });
    }

    it('hears the telephone-events of baresip, which hears those of the unit', async () => {
      const placed = await call('PCMU');
      await talking(10, placed);
      for (const key of ['1', '*', '7']) await baresip.command('sndcode', key);
      await reached(() => placed.stats().digits === '1*7', 'the digits of baresip');
      // Its control socket serves one connection at a time.
      const said = baresip.listen();
      await placed.sendDigits('59#');
      const keys = (): string =>
        [...said.text().matchAll(/CALL_DTMF_START[^}]*"param":"(.)"/g)].map(([, key]) => key).join('');
      await reached(() => keys() === '59#', 'our digits');
      said.close();
      await placed.hangup();
    });
  },
);
