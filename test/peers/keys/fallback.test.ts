// A unit of SecureWithFallback and baresip through Kamailio: secured where both can, plain where baresip offers RTP/AVP.
import assert from 'node:assert/strict';
import type { Call } from '../../../cpe/voice/call/call.ts';
import { assertTone, talking, type Unit } from '../../support/cpe/voice.ts';
import { type Baresip, registeredBaresip } from '../../support/servers/baresip.ts';
import { type Lab, openLab, peerSuite } from '../../support/servers/peers.ts';
import { registeredLabUnit } from '../../support/voice/lab-unit.ts';

const AES = 'AES_CM_128_HMAC_SHA1_80';
const PACKETS = 100;

peerSuite('fallback with baresip', { programs: ['kamailio', 'baresip', 'openssl', 'ss'], lab: true }, function () {
  this.timeout(60_000);
  let lab: Lab;
  let baresip: Baresip;
  let unit: Unit;
  afterEach(async () => {
    await unit?.agent.stop();
    await baresip?.stop();
    await lab?.close();
  });

  const start = async (mediaEncryption: string): Promise<void> => {
    lab = await openLab();
    await lab.start('kamailio');
    baresip = await registeredBaresip(lab, { mediaEncryption });
    const srtp = { mode: 'SecureWithFallback', keyManagement: 'Sdes', encryption: 'AesCm128' } as const;
    unit = await registeredLabUnit(lab, '100', { srtp });
  };
  const judge = async (call: Call, suite: string): Promise<void> => {
    await talking(PACKETS, call);
    const stats = call.stats();
    assert.deepEqual([stats.suite, stats.authFailures, stats.replays], [suite, 0, 0]);
    assertTone(stats.tone, 880, 'what baresip said');
    await call.hangup();
  };

  for (const [mediaEncryption, offers, incoming] of [
    ['srtp-mand', 'RTP/SAVP', AES],
    ['srtp', 'RTP/AVP with keys', 'none'],
  ] as const)
    it(`is secured to baresip, and as it offers from it: ${offers}`, async () => {
      await start(mediaEncryption);
      await judge(await unit.agent.call('100', 'sip:101@lab.test'), AES);
      const arriving = new Promise<Call>(resolve => unit.agent.incoming(resolve));
      await baresip.command('dial', 'sip:100@lab.test');
      await judge(await arriving, incoming);
    });
});
