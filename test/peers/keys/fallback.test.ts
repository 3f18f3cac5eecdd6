// A unit of SecureWithFallback and baresip through Kamailio: secured where both can, plain where baresip offers RTP/AVP.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '../../../cpe/voice/call/call.ts';
import {
  assertTone,
  registered,
  startUnit,
  talking,
  tlsSettings,
  type Unit,
  unitConfig,
} from '../../support/cpe/voice.ts';
import { eventually } from '../../support/eventually.ts';
import { type Baresip, startBaresip } from '../../support/servers/baresip.ts';
import { type Lab, openLab, peerSuite } from '../../support/servers/peers.ts';

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
    const ports = { sipPort: 15_060, controlPort: 14_444, rtpBase: 14_000 };
    baresip = await startBaresip(lab, { user: '101', password: 'pw101', tone: 880, mediaEncryption, ...ports });
    const ca = await readFile(join(lab.folder, 'certs', 'ca.pem'), 'utf8');
    const srtp = { mode: 'SecureWithFallback', keyManagement: 'Sdes', encryption: 'AesCm128' } as const;
    const config = unitConfig('100', { host: '127.0.0.1', port: 5061 }, { domain: 'lab.test', srtp });
    unit = startUnit(config, () => tlsSettings([ca]));
    await unit.until(registered, 'registration');
    await eventually('baresip registers', async () => (await baresip.command('reginfo')).includes('OK'), 10_000, 100);
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
