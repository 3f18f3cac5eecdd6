// Two units through our own SIP server: TLS, registration, calls with SRTP, and what they refuse.
import assert from 'node:assert/strict';
import type { Call } from '../../cpe/voice/call.ts';
import type { Pbx } from '../../pbx/app.ts';
import { systemClock } from '../../shared/clock.ts';
import type { Authority } from '../../shared/pki/authority.ts';
import {
  assertTone,
  registered,
  startServer,
  startUnit,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../support/voice.ts';

const clock = systemClock();

describe('user agent', () => {
  let authority: Authority;
  let pbx: Pbx;
  const units: Unit[] = [];
  const server = (): { host: string; port: number } => ({ host: '127.0.0.1', port: pbx.ports.tls ?? 0 });
  const unit = (
    user: string,
    changes: Parameters<typeof unitConfig>[2] = {},
    tls = () => tlsSettings([authority.cert]),
  ): Unit => {
    const made = startUnit(unitConfig(user, server(), changes), tls);
    units.push(made);
    return made;
  };
  const incoming = (one: Unit): Promise<Call> => new Promise(resolve => one.agent.incoming(resolve));

  before(async () => {
    authority = await voiceAuthority();
    pbx = await startServer(authority);
  });
  afterEach(async () => {
    await Promise.all(units.splice(0).map(one => one.agent.stop()));
  });
  after(() => pbx.stop());

  it('registers over TLS from port 16000 up, and says 303 then 310 in the unit’s words', async () => {
    const a = unit('100');
    const b = unit('101');
    await Promise.all([a.until(registered, 'A registers'), b.until(registered, 'B registers')]);
    for (const { agent, heard } of [a, b]) {
      const [connection] = agent.connections();
      assert.equal(connection?.state, 'Up');
      assert.equal(connection?.remoteHost, `127.0.0.1:${pbx.ports.tls}`);
      assert.ok(connection.localPort >= 16_000 && connection.localPort < 16_100, String(connection.localPort));
      assert.equal(connection.tls?.version, 'TLSv1.2');
      assert.equal(agent.state(), 'Ready');
      assert.deepEqual(
        heard.map(one => `${one.severity} ${one.id}-${one.message}`),
        [
          `Info 303-TLS connection with remote host 127.0.0.1:${pbx.ports.tls} is now ready to be used for SIP gateway default.`,
          `Info 310-Server 127.0.0.1:${pbx.ports.tls} is now reachable for SIP gateway default.`,
        ],
      );
    }
    assert.notEqual(a.agent.connections()[0]?.localPort, b.agent.connections()[0]?.localPort);
    const contacts = pbx.registrations().map(one => one.contact);
    assert.ok(
      contacts.includes(`sip:100@127.0.0.1:${a.agent.connections()[0]?.localPort};transport=tls`),
      contacts.join(),
    );
  });

  it('two units talk over SRTP: packets both ways, no authentication failure, each hears the other’s tone', async () => {
    const a = unit('100', { tone: 440 });
    const b = unit('101', { tone: 880 });
    await Promise.all([a.until(registered, 'A registers'), b.until(registered, 'B registers')]);
    const arriving = incoming(b);
    const call = await a.agent.call('100', '101');
    const answered = await arriving;
    await clock.sleep(1300);
    const [left, right] = [call.stats(), answered.stats()];
    for (const stats of [left, right]) {
      assert.ok(stats.sent >= 50 && stats.received >= 50, JSON.stringify(stats));
      assert.equal(stats.authFailures, 0);
      assert.equal(stats.replays, 0);
      assert.equal(stats.suite, 'AES_CM_128_HMAC_SHA1_80');
    }
    assertTone(left.tone, 880, 'caller');
    assertTone(right.tone, 440, 'called');
    await call.hangup();
    assert.deepEqual(await answered.ended, { reason: 'the peer hung up' });
    assert.equal(answered.state, 'ended');
    assert.equal(a.agent.calls().length + b.agent.calls().length, 0);
  });
});
