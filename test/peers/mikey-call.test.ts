// Calls with MIKEY through Kamailio over TLS: tshark reads the messages with the server's key, libsrtp judges media without encryption.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '../../cpe/voice/call/call.ts';
import type { MediaSecurity } from '../../cpe/voice/media/keying.ts';
import { decodeMessage } from '../../shared/mikey/message.ts';
import {
  assertTone,
  registered,
  startUnit,
  talking,
  tlsSettings,
  type Unit,
  unitConfig,
} from '../support/cpe/voice.ts';
import { useTlsConfig } from '../support/servers/kamailio.ts';
import { type Lab, openLab, peerSuite } from '../support/servers/peers.ts';
import { buildSrtpOracle, srtpOracleNeeds, startSrtpOracle } from '../support/servers/srtp-oracle.ts';
import { type Capture, capture } from '../support/servers/tshark.ts';
import { mikeyAnswer } from '../support/voice/mikey-peer.ts';

const PACKETS = 100;
/** TLS with the server's own key, as the vendor's notes set up Wireshark; it reads no exchange by Diffie-Hellman. */
const decrypting = (lab: Lab): string[] => [
  ...['-o', `uat:rsa_keys:"${join(lab.folder, 'certs', 'sip.key')}",""`],
  ...['-d', 'tcp.port==5061,tls'],
];

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
    afterEach(() => Promise.all(units.splice(0).map(({ agent }) => agent.stop())));
    after(() => lab.close());

    const unitAt = async (user: string, changes: Parameters<typeof unitConfig>[2]): Promise<Unit> => {
      const ca = await readFile(join(lab.folder, 'certs', 'ca.pem'), 'utf8');
      const config = unitConfig(user, { host: '127.0.0.1', port: 5061 }, { domain: 'lab.test', ...changes });
      const unit = startUnit(config, () => tlsSettings([ca]));
      units.push(unit);
      await unit.until(registered, `${user} registers`);
      return unit;
    };
    /** Two units talk; both must hear the other, without a packet that was refused. */
    const talk = async (changes: Parameters<typeof unitConfig>[2]): Promise<string> => {
      const caller = await unitAt('100', { ...changes, tone: 440 });
      const called = await unitAt('101', { ...changes, tone: 880 });
      const arriving = new Promise<Call>(resolve => called.agent.incoming(resolve));
      const call = await caller.agent.call('100', 'sip:101@lab.test');
      const answered = await arriving;
      await talking(PACKETS, call, answered);
      const [near, far] = [call.stats(), answered.stats()];
      assert.deepEqual([near.authFailures, far.authFailures, near.replays, far.replays], [0, 0, 0, 0]);
      assertTone(near.tone, 880, 'caller');
      assertTone(far.tone, 440, 'called');
      await call.hangup();
      await answered.ended;
      await wire.stop();
      return near.suite;
    };

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

const secured = (encryption: MediaSecurity['encryption']): MediaSecurity => {
  return { mode: 'Secure', keyManagement: 'Mikey', encryption };
};

/** The first frame of tshark's text with that SIP message. */
const frameOf = (message: string, text: string): string =>
  text.split(/^Frame /m).find(frame => frame.includes(`Session Initiation Protocol (${message})`)) ??
  assert.fail(`no ${message}`);

/** The message at session level in tshark's text of a frame. */
function mikeyIn(text: string): Buffer {
  const found = /Session Attribute \(a\): key-mgmt:mikey (\S+)/.exec(text)?.[1] ?? assert.fail('no a=key-mgmt');
  return Buffer.from(found, 'base64');
}
