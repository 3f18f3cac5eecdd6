// Calls with MIKEY through Kamailio over TLS: tshark reads the messages with the server's key, libsrtp judges media without encryption.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Call, CallFailed } from '../../../cpe/voice/call/call.ts';
import type { MediaSecurity } from '../../../cpe/voice/media/keying.ts';
import { decodeMessage } from '../../../shared/mikey/message.ts';
import { assertTone, talking, type Unit } from '../../support/cpe/voice.ts';
import { eventually } from '../../support/eventually.ts';
import { type Baresip, registeredBaresip } from '../../support/servers/baresip.ts';
import { useTlsConfig } from '../../support/servers/kamailio.ts';
import { type Lab, openLab, peerSuite } from '../../support/servers/peers.ts';
import { buildSrtpOracle, srtpOracleNeeds, startSrtpOracle } from '../../support/servers/srtp-oracle.ts';
import { type Capture, capture } from '../../support/servers/tshark.ts';
import { type LabUnitChanges, registeredLabUnit } from '../../support/voice/lab-unit.ts';
import { mikeyAnswer } from '../../support/voice/mikey-peer.ts';

const PACKETS = 100;

/** TLS with the server's own key, as the vendor's notes set up Wireshark; it reads no exchange by Diffie-Hellman. */
const decrypting = (lab: Lab): string[] => [
  ...['-o', `uat:rsa_keys:"${join(lab.folder, 'certs', 'sip.key')}",""`],
  ...['-d', 'tcp.port==5061,tls'],
];

const secured = (encryption: MediaSecurity['encryption']): MediaSecurity => {
  return { mode: 'Secure', keyManagement: 'Mikey', encryption };
};

peerSuite(
  'MIKEY through Kamailio',
  { programs: ['kamailio', 'openssl', 'ss', 'tshark', ...(srtpOracleNeeds.programs ?? [])], lab: true, root: true },
  function () {
    this.timeout(60_000);
    let lab: Lab;
    let wire: Capture;
    const units: Unit[] = [];

    before(async () => {
      lab = await openLab();
      await useTlsConfig(lab, 'tls-rsa.cfg');
      await lab.start('kamailio');
    });
    beforeEach(async () => {
      wire = await capture(join(lab.folder, 'call.pcapng'), 'tcp port 5061 or udp');
    });
    afterEach(async () => {
      await Promise.all(units.splice(0).map(({ agent }) => agent.stop()));
      await wire.stop();
    });
    after(() => lab.close());

    /** A call of two units that hear each other. */
    const connect = async (first: LabUnitChanges, second: LabUnitChanges): Promise<{ call: Call; answered: Call }> => {
      const caller = await registeredLabUnit(lab, '100', { ...first, tone: 440 });
      units.push(caller);
      const called = await registeredLabUnit(lab, '101', { ...second, tone: 880 });
      units.push(called);
      const arriving = new Promise<Call>(resolve => called.agent.incoming(resolve));
      const call = await caller.agent.call('100', 'sip:101@lab.test');
      return { call, answered: await arriving };
    };
    /** Both must hear the other, without a packet that was refused. */
    const judge = async ({ call, answered }: { call: Call; answered: Call }): Promise<string> => {
      // A few more, since tshark is ended before it has written the last ones.
      await talking(PACKETS + 20, call, answered);
      const [near, far] = [call.stats(), answered.stats()];
      assert.deepEqual([near.authFailures, far.authFailures, near.replays, far.replays], [0, 0, 0, 0]);
      assertTone(near.tone, 880, 'caller');
      assertTone(far.tone, 440, 'called');
      assert.equal(near.suite, far.suite);
      await call.hangup();
      await answered.ended;
      await wire.stop();
      return near.suite;
    };
    const talk = async (changes: LabUnitChanges): Promise<string> => judge(await connect(changes, changes));

    it('shows both messages at session level to tshark, with the server’s key', async () => {
      assert.equal(await talk({ srtp: secured('AesCm128') }), 'AES_CM_128_HMAC_SHA1_80');
      const text = await wire.read(...decrypting(lab), '-Y', 'sdp', '-V');
      for (const [message, type] of [
        ['INVITE', 'offer'],
        ['200', 'answer'],
      ] as const) {
        const frame = frameOf(message, text);
        assert.equal(decodeMessage(mikeyIn(frame)).type, type);
        assert.match(frame, /Media Description, name and address \(m\): audio \d+ RTP\/SAVP/);
        assert.doesNotMatch(frame, /Media Attribute \(a\): (?:key-mgmt|crypto)/);
      }
    });

    it('goes on with new keys after hold and resume from both sides', async () => {
      const changes = { srtp: secured('AesCm128') };
      const both = await connect(changes, changes);
      for (const side of [both.call, both.answered]) {
        await side.hold();
        await side.resume();
      }
      assert.equal(await judge(both), 'AES_CM_128_HMAC_SHA1_80');
    });

    const fallback = { ...secured('AesCm128'), mode: 'SecureWithFallback' } as const;
    const pairs: [string, MediaSecurity, string][] = [
      ['MIKEY', fallback, 'AES_CM_128_HMAC_SHA1_80'],
      ['SDES', { ...fallback, keyManagement: 'Sdes' }, 'none'],
      ['no protection', { ...fallback, mode: 'Unsecure' }, 'none'],
    ];
    for (const [name, srtp, suite] of pairs)
      it(`falls back from MIKEY as a unit with ${name} needs it`, async () => {
        assert.equal(await judge(await connect({ srtp: fallback }, { srtp })), suite);
      });

    it('sends media without encryption that libsrtp takes as authentic', async () => {
      assert.equal(await talk({ srtp: secured('Null') }), 'NULL_HMAC_SHA1_80');
      const text = frameOf('INVITE', await wire.read(...decrypting(lab), '-Y', 'sdp', '-V'));
      const [caller] = mikeyAnswer(mikeyIn(text)).keys;
      const port = /\(m\): audio (\d+) RTP\/SAVP/.exec(text)?.[1];
      assert.ok(caller && port);
      const packets = await wire.read('-Y', `udp.srcport == ${port}`, '-T', 'fields', '-e', 'udp.payload');
      const sent = packets
        .trim()
        .split('\n')
        .map(line => Buffer.from(line, 'hex'));
      assert.ok(sent.length >= PACKETS, String(sent.length));
      const oracle = startSrtpOracle(await buildSrtpOracle(lab.folder), 'NULL30_HMAC_SHA1_80', caller);
      for (const [at, packet] of sent.entries()) {
        const plain = packet.subarray(0, -10);
        assert.deepEqual(await oracle.ask('u', packet), plain, `packet ${at}`);
        const forged = Buffer.concat([plain, Buffer.alloc(10)]);
        if (at === 0) assert.match(String(await oracle.ask('u', forged)), /^ERR/);
      }
      await oracle.close();
    });
  },
);

peerSuite(
  'MIKEY against baresip, which knows SDES alone',
  { programs: ['kamailio', 'baresip', 'openssl', 'ss'], lab: true },
  function () {
    this.timeout(60_000);
    let lab: Lab;
    let baresip: Baresip;
    let unit: Unit;

    before(async () => {
      lab = await openLab();
      await lab.start('kamailio');
      baresip = await registeredBaresip(lab);
      unit = await registeredLabUnit(lab, '100', { srtp: secured('AesCm128') });
    });
    after(async () => {
      await unit?.agent.stop();
      await baresip?.stop();
      await lab?.close();
    });
    const toolsLines = (): number =>
      unit.heard.filter(({ message }) => message.startsWith('SdpTools [D3A2] Received the wrong key')).length;

    it('refuses the keys by SDES that baresip answers to MIKEY, and ends the call', async () => {
      const calling = unit.agent.call('100', 'sip:101@lab.test');
      await assert.rejects(calling, (error: CallFailed) => /the answer has SDES, not MIKEY/.test(error.message));
      assert.equal(toolsLines(), 1);
      const isIdle = async (): Promise<boolean> => !/ESTABLISHED/.test(await baresip.command('listcalls'));
      await eventually('baresip has no call', isIdle, 5000, 100);
    });

    it('refuses the call of baresip with 415 and the SdpTools line', async () => {
      await baresip.command('dial', 'sip:100@lab.test');
      await eventually('the refusal', () => toolsLines() === 2, 5000);
      assert.deepEqual(unit.agent.calls(), []);
    });
  },
);

/** The first frame of tshark's text with that SIP message. */
const frameOf = (message: string, text: string): string =>
  text.split(/^Frame /m).find(frame => frame.includes(`Session Initiation Protocol (${message})`)) ??
  assert.fail(`no ${message}`);

/** The message at session level in tshark's text of a frame. */
function mikeyIn(text: string): Buffer {
  const found = /Session Attribute \(a\): key-mgmt:mikey (\S+)/.exec(text)?.[1] ?? assert.fail('no a=key-mgmt');
  return Buffer.from(found, 'base64');
}
