// Two units through our own SIP server with every protection that media may have: packets, tones and what each side agreed on.
import assert from 'node:assert/strict';
import type { Call } from '../../../cpe/voice/call/call.ts';
import type { MediaSecurity } from '../../../cpe/voice/media/keying.ts';
import { assertTone, talking, type unitConfig } from '../../support/cpe/voice.ts';
import { ServerUnits } from '../../support/voice/server-units.ts';

describe('protected calls of two units', () => {
  const units = ServerUnits.inSuite();
  const mikey = (encryption: MediaSecurity['encryption']): MediaSecurity => {
    return { mode: 'Secure', keyManagement: 'Mikey', encryption };
  };
  const mikeyKey = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
  const cases: [string, Parameters<typeof unitConfig>[2], string][] = [
    ['MIKEY', { srtp: mikey('AesCm128') }, 'AES_CM_128_HMAC_SHA1_80'],
    ['MIKEY under a pre-shared key', { srtp: mikey('AesCm128'), mikeyKey }, 'AES_CM_128_HMAC_SHA1_80'],
    ['MIKEY without encryption', { srtp: mikey('Null') }, 'NULL_HMAC_SHA1_80'],
  ];
  for (const [name, changes, suite] of cases) {
    it(`carry 100 packets each way with ${name}, and each hears the other`, async () => {
      const caller = await units.registered('100', { ...changes, tone: 440 });
      const called = await units.registered('101', { ...changes, tone: 880 });
      const arriving = new Promise<Call>(resolve => called.agent.incoming(resolve));
      const call = await caller.agent.call('100', '101');
      const answered = await arriving;
      await talking(100, call, answered);
      for (const stats of [call.stats(), answered.stats()]) {
        assert.deepEqual([stats.suite, stats.authFailures, stats.replays], [suite, 0, 0]);
      }
      assertTone(call.stats().tone, 880, 'caller');
      assertTone(answered.stats().tone, 440, 'called');
      await call.hangup();
      assert.deepEqual(await answered.ended, { reason: 'the peer hung up' });
    });
  }
});
