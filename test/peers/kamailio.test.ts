// Kamailio as the unit's SIP server over TLS, and baresip as the other telephone with SRTP.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '../../cpe/voice/call/call.ts';
import { recogniseTone } from '../../cpe/voice/media/tone.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import { type Authority, createCa } from '../../shared/pki/authority.ts';
import {
  assertTone,
  registered,
  startUnit,
  talking,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../support/cpe/voice.ts';
import { eventually } from '../support/eventually.ts';
import { type Baresip, registeredBaresip } from '../support/servers/baresip.ts';
import { useTlsConfig } from '../support/servers/kamailio.ts';
import { type Lab, openLab, peerSuite, peersFolder, run } from '../support/servers/peers.ts';
import { startLabUnit } from '../support/voice/lab-unit.ts';

const clock = systemClock();
const server = { host: '127.0.0.1', port: 5061 };
const PACKETS = 100;
const needs = { programs: ['kamailio', 'openssl', 'ss'], lab: true };

peerSuite('the unit at Kamailio', { programs: ['kamailio', 'openssl', 'ss'], lab: true }, () => {
  for (const config of ['tls.cfg', 'tls-rsa.cfg']) {
    describe(`with ${config}`, function () {
      this.timeout(60_000);
      let lab: Lab;
      let unit: Unit | undefined;
      const start = async (changes: Parameters<typeof unitConfig>[2] = {}): Promise<Unit> => {
        unit = await startLabUnit(lab, '100', changes);
        return unit;
      };

      before(async () => {
        lab = await openLab();
        await useTlsConfig(lab, config);
        await lab.start('kamailio');
      });
      afterEach(async () => {
        await unit?.agent.stop();
        unit = undefined;
      });
      after(() => lab.close());

      it('registers over TLS 1.2 from its persistent port', async () => {
        const { agent, until, heard } = await start();
        await until(registered, 'registration');
        const [connection] = agent.connections();
        assert.equal(connection?.state, 'Up');
        assert.ok(connection.localPort >= 16_000);
        // The unit's default list (CS1) has RSA key exchange only, and its ceiling is TLS 1.2.
        assert.equal(connection.tls?.version, 'TLSv1.2');
        assert.match(connection.tls.cipher, /^TLS_RSA_WITH_AES_(128|256)_CBC_SHA$/);
        assert.deepEqual(
          heard.map(one => one.id),
          [9006, 9001, 303, 310, 9011],
        );
      });

      it('ends in AuthFailed with a wrong password', async () => {
        const { until } = await start({ accounts: [{ user: '100', register: true, password: 'wrong' }] });
        await until(agent => agent.registrations()[0]?.state === 'AuthFailed', 'AuthFailed');
      });
    });
  }
});

peerSuite(
  'the unit at a Kamailio of other habits',
  { programs: ['kamailio', 'openssl', 'ss'], lab: true },
  function () {
    this.timeout(60_000);
    let lab: Lab;
    let unit: Unit | undefined;
    before(async () => {
      lab = await openLab();
    });
    afterEach(async () => {
      await unit?.agent.stop();
      unit = undefined;
      await lab.stop('kamailio');
    });
    after(() => lab.close());
    const connect = async (changes: Parameters<typeof unitConfig>[2] = {}): Promise<Unit> => {
      unit = await startLabUnit(lab, '100', changes);
      return unit;
    };

    it('registers by digest without qop, as in the vendor’s traces', async () => {
      await lab.start('kamailio', '-A', 'NO_QOP');
      const { until } = await connect();
      await until(registered, 'registration');
    });

    it('registers by digest with SHA-256 (RFC 8760)', async () => {
      await lab.start('kamailio', '-A', 'ALG_SHA256');
      const { until } = await connect();
      await until(registered, 'registration');
    });

    it('registers only with the transport in Contact where the server asks for that', async () => {
      await lab.start('kamailio', '-A', 'REQUIRE_CONTACT_TRANSPORT');
      const refused = await connect({ registrationTransport: false });
      await refused.until(agent => agent.registrations()[0]?.state === 'Rejected', 'Rejected');
      await refused.agent.stop();
      const accepted = await connect();
      await accepted.until(registered, 'registration');
    });

    it('keeps its connection by keep-alives at a server that drops silent ones after 5 s', async () => {
      await lab.start('kamailio', '-A', 'IDLE=5');
      const { agent, until } = await connect({ keepAlive: { method: 'Ping', interval: 2 } });
      await until(registered, 'registration');
      const states: string[] = [];
      agent.onChange(() => states.push(agent.connections()[0]?.state ?? ''));
      await clock.sleep(12_000);
      assert.deepEqual(states, []);
      assert.equal(agent.connections()[0]?.state, 'Up');
    });
  },
);

peerSuite('the unit at a Kamailio that asks clients for certificates', needs, function () {
  this.timeout(60_000);
  let lab: Lab;
  let authority: Authority;
  let unit: Unit | undefined;
  before(async () => {
    authority = await voiceAuthority();
    lab = await openLab();
    const certs = join(lab.folder, 'certs');
    await run('sh', [join(peersFolder, 'lab'), 'certs'], { env: { ...process.env, LAB: lab.folder } });
    const ips = ['127.0.0.1'];
    const issued = await authority.issue({ commonName: 'lab.test', ips, usage: ['server'], key: 'rsa' });
    await writeFile(join(certs, 'ca.pem'), authority.cert);
    await writeFile(join(certs, 'sip.pem'), issued.chain);
    await writeFile(join(certs, 'sip.key'), issued.key);
    await useTlsConfig(lab, 'tls-rsa.cfg', true);
    await lab.start('kamailio');
  });
  afterEach(() => unit?.agent.stop());
  after(() => lab.close());
  const start = async (issuer?: Authority): Promise<Unit> => {
    const issued = await issuer?.issue({ commonName: 'unit', usage: ['client'], key: 'rsa' });
    const host = issued && { host: { cert: issued.chain, key: issued.key } };
    // An address of its own: with a Host certificate the unit listens at port 5061, as Kamailio does.
    const config = unitConfig('100', server, { domain: 'lab.test', address: '127.0.0.9', basePort: 18_000 });
    unit = startUnit(config, () => tlsSettings([authority.cert], host));
    return unit;
  };

  it('registers with its Host certificate', async () => {
    await (await start(authority)).until(registered, 'registration');
  });

  it('is refused without one, and with one of another CA', async () => {
    const stranger = await createCa({ name: 'Other CA', key: 'rsa', clock, random: systemRandom() });
    for (const issuer of [undefined, stranger]) {
      const { agent, until } = await start(issuer);
      await until(() => agent.connections()[0]?.failure !== undefined, 'the refusal');
      assert.notEqual(agent.registrations()[0]?.state, 'Registered');
      await agent.stop();
    }
  });
});

peerSuite(
  'the unit and baresip through Kamailio',
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
      unit = await startLabUnit(lab, '100', { tone: 440 });
      await unit.until(registered, 'registration');
    });
    after(async () => {
      await unit?.agent.stop();
      await baresip?.stop();
      await lab?.close();
    });

    const check = async (call: Call): Promise<void> => {
      await talking(PACKETS, call);
      // As long as baresip's jitter buffer holds back what it hears.
      await clock.sleep(400);
      const stats = call.stats();
      assert.equal(stats.suite, 'AES_CM_128_HMAC_SHA1_80');
      assert.ok(stats.sent >= PACKETS && stats.received >= PACKETS, JSON.stringify(stats));
      assert.equal(stats.authFailures, 0);
      assert.equal(stats.replays, 0);
      assertTone(stats.tone, 880, 'what baresip said');
    };
    const checkRecording = async (): Promise<void> => {
      const heard = await baresip.recording();
      assertTone(recogniseTone(heard.subarray(-4800, -800)), 440, 'what baresip heard');
    };

    /** The recording may be complete only a little after the call; the check reports a lasting error. */
    const recordingHasTone = async (): Promise<void> => {
      const isGood = (): Promise<boolean> =>
        checkRecording().then(
          () => true,
          () => false,
        );
      await eventually('a recording with our tone', isGood, 3000, 100).catch(checkRecording);
    };

    it('calls baresip with SRTP both ways, each hears the other', async () => {
      const call = await unit.agent.call('100', 'sip:101@lab.test');
      await check(call);
      await call.hangup();
      assert.deepEqual(await call.ended, { reason: 'hung up' });
      await recordingHasTone();
    });

    it('is called by baresip over its persistent connection', async () => {
      const arriving = new Promise<Call>(resolve => unit.agent.incoming(resolve));
      await baresip.command('dial', 'sip:100@lab.test');
      const call = await arriving;
      assert.equal(call.direction, 'in');
      await check(call);
      await baresip.command('hangup');
      assert.deepEqual(await call.ended, { reason: 'the peer hung up' });
      await recordingHasTone();
    });
  },
);
