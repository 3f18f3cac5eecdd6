// Two units through our own SIP server: TLS, registration, calls with SRTP, and what they refuse.
import assert from 'node:assert/strict';
import { createServer } from 'node:tls';
import type { Call, CallFailed } from '../../../cpe/voice/call/call.ts';
import type { Pbx } from '../../../pbx/app.ts';
import type { Authority } from '../../../shared/pki/authority.ts';
import {
  assertTone,
  hurriedClock,
  registered,
  startServer,
  startUnit,
  talking,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../../support/cpe/voice.ts';

describe('user agent', () => {
  let authority: Authority;
  let pbx: Pbx;
  const units: Unit[] = [];
  const servers: Pbx[] = [];
  /** A server for one test. */
  const another = async (options: Parameters<typeof startServer>[1] = {}): Promise<Pbx> => {
    const made = await startServer(authority, options);
    servers.push(made);
    return made;
  };
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
    await Promise.all(servers.splice(0).map(one => one.stop()));
  });
  after(() => pbx.stop());

  it('registers over TLS from port 16000 up, with notifications 303 and 310', async () => {
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
          'Warning 9006-No Host certificate is associated with SIP: SIP gateway default accepts no TLS connection.',
          'Info 9001-Establishing persistent connection with remote host ' +
            `127.0.0.1:${pbx.ports.tls} for SIP gateway default.`,
          `Info 303-TLS connection with remote host 127.0.0.1:${pbx.ports.tls} is now ready to be used for SIP gateway default.`,
          `Info 310-Server 127.0.0.1:${pbx.ports.tls} is now reachable for SIP gateway default.`,
          `Info 9011-Registration of ${agent.registrations()[0]?.user} established for SIP gateway default.`,
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

  it('carries tones both ways over SRTP without authentication failures', async () => {
    const a = unit('100', { tone: 440 });
    const b = unit('101', { tone: 880 });
    await Promise.all([a.until(registered, 'A registers'), b.until(registered, 'B registers')]);
    const arriving = incoming(b);
    const call = await a.agent.call('100', '101');
    const answered = await arriving;
    await talking(50, call, answered);
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

  it('stays down without the CA, and connects at the next attempt with it', async () => {
    const roots: string[] = [];
    const one = unit('100', {}, () => tlsSettings(roots));
    await one.until(agent => agent.connections()[0]?.failure !== undefined, 'the refusal');
    const [connection] = one.agent.connections();
    assert.equal(connection?.state, 'Down');
    assert.match(connection.failure ?? '', /CA|certificate/i);
    assert.deepEqual(
      one.heard.filter(entry => entry.severity !== 'Info').map(entry => entry.id),
      [9006, 9004],
    );
    assert.equal(one.agent.state(), 'Server unreachable');
    assert.equal(one.agent.registrations()[0]?.state, 'Unregistered');
    await assert.rejects(one.agent.call('100', '101'), /not registered/);
    roots.push(authority.cert);
    await one.until(registered, 'registration with the CA');
    assert.equal(one.agent.state(), 'Ready');
  });

  it('waits for time synchronization, and connects once the clock is set', async () => {
    let now: number | undefined;
    const one = unit('100', {}, () => tlsSettings([authority.cert], { now }));
    await one.until(agent => agent.state() === 'Waiting for time synchronization', 'the state');
    assert.equal(one.agent.connections()[0]?.state, 'Down');
    now = tlsSettings([]).now;
    await one.until(registered, 'registration with a clock');
  });

  it('reconnects after the failback interval, and registers again', async () => {
    const own = await another();
    const port = own.ports.tls ?? 0;
    const one = startUnit(unitConfig('102', { host: '127.0.0.1', port }), () => tlsSettings([authority.cert]));
    units.push(one);
    await one.until(registered, 'registration');
    await own.stop();
    await one.until(agent => agent.connections()[0]?.state === 'Down', 'the loss');
    await one.until(agent => agent.registrations()[0]?.state === 'Unreachable', 'Unreachable');
    const again = await another({ tlsPort: port });
    await one.until(registered, 'registration anew');
    assert.deepEqual(
      one.heard.map(({ id }) => id).filter(id => id < 9000),
      [303, 310, 303, 310],
    );
    await one.agent.stop();
    assert.equal(again.registrations().length, 0, 'the binding was taken back');
  });

  for (const transport of ['tcp', 'udp'] as const)
    it(`has no answer to REGISTER by ${transport} at a server that expects TLS, and registers with it`, async () => {
      const changes = { transmissionTimeout: 1, address: '127.8.3.1', portInterval: 100 };
      const one = unit('100', { ...changes, transport });
      await one.until(agent => agent.registrations()[0]?.state === 'Unreachable', 'Unreachable');
      assert.ok(one.heard.some(({ id, message }) => id === 9012 && message.includes('Unreachable')));
      assert.deepEqual(pbx.registrations(), []);
      await one.agent.stop();
      await unit('100', changes).until(registered, 'registration over TLS');
    });

  it('sends nothing at a power cut, so that the binding stays until the connection is gone', async () => {
    const one = unit('102');
    await one.until(registered, 'registration');
    const states: string[] = [];
    one.agent.onChange(() => states.push(one.agent.registrations()[0]?.state ?? ''));
    await one.agent.stop({ silent: true });
    assert.ok(!states.includes('Unregistering'), states.join());
    assert.equal(one.agent.connections()[0]?.state, 'Down');
  });

  it('refuses calls with a wrong password (AuthFailed) or an unknown user', async () => {
    const wrong = unit('100', { accounts: [{ user: '100', register: true, password: 'nope' }] });
    await wrong.until(agent => agent.registrations()[0]?.state === 'AuthFailed', 'AuthFailed');
    await assert.rejects(wrong.agent.call('100', '101'), /not registered/);
    await assert.rejects(wrong.agent.call('555', '101'), /no account/);
  });

  it('shows a server as unreachable when CRLF or OPTIONS get no answer', async () => {
    const ping = unit('100', {
      keepAlive: { method: 'Ping', interval: 1 },
      accounts: [{ user: '100', register: false }],
    });
    const options = unit('101', { keepAlive: { method: 'SipOptions', interval: 1 }, accounts: [] });
    await ping.until(() => ping.heard.some(one => one.id === 310), '310 after a pong');
    await options.until(() => options.heard.some(one => one.id === 310), '310 after OPTIONS');
    const issued = await authority.issue({
      commonName: '127.0.0.1',
      ips: ['127.0.0.1'],
      usage: ['server'],
      key: 'rsa',
    });
    const mute = createServer({ cert: issued.chain, key: issued.key }, socket => {
      socket.on('error', () => undefined);
      socket.resume();
    });
    await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve));
    const bound = mute.address();
    const port = typeof bound === 'object' && bound ? bound.port : 0;
    const changes = {
      keepAlive: { method: 'Ping', interval: 1 },
      accounts: [{ user: '100', register: false }],
    } as const;
    const config = unitConfig('100', { host: '127.0.0.1', port }, changes);
    const one = startUnit(config, () => tlsSettings([authority.cert]), { clock: hurriedClock(10_000, 20) });
    units.push(one);
    await one.until(agent => agent.state() === 'Ready', 'connection');
    await one.until(agent => agent.state() === 'Server unreachable', 'no pong');
    await assert.rejects(one.agent.call('100', '101'), /does not answer/);
    await one.agent.stop();
    await new Promise<void>(resolve => mute.close(() => resolve()));
  });

  it('places calls over a connection of its own to a separate proxy', async () => {
    const proxy = await another();
    const other = { host: '127.0.0.1', port: proxy.ports.tls ?? 0 };
    const one = unit('100', { proxy: other });
    await one.until(registered, 'registration');
    await one.until(agent => agent.connections().every(link => link.state === 'Up'), 'both connections');
    const [first, second] = one.agent.connections();
    assert.deepEqual(
      [first?.remoteHost, second?.remoteHost],
      [`127.0.0.1:${pbx.ports.tls}`, `127.0.0.1:${other.port}`],
    );
    assert.notEqual(first?.localPort, second?.localPort);
    assert.equal(one.heard.filter(({ id }) => id === 303).length, 2);
    // The proxy knows no 101: its answer shows which way the call went.
    await assert.rejects(one.agent.call('100', '101'), (error: CallFailed) => [404, 480].includes(error.status));
  });

  it('works unsecured over UDP and TCP', async () => {
    const open = await another({ port: 0 });
    const plain = { mode: 'Unsecure', keyManagement: 'Sdes', encryption: 'AesCm128' } as const;
    for (const transport of ['udp', 'tcp'] as const) {
      const port = open.ports[transport] ?? 0;
      const [a, b] = ['100', '101'].map((user, index) => {
        const address = `127.8.${transport === 'udp' ? 1 : 2}.${1 + index}`;
        const config = unitConfig(
          user,
          { host: '127.0.0.1', port },
          { transport, address, srtp: plain, tone: 500 + 500 * index },
        );
        const made = startUnit(config, () => tlsSettings([]));
        units.push(made);
        return made;
      });
      assert.ok(a && b);
      await Promise.all([a.until(registered, 'A registers'), b.until(registered, 'B registers')]);
      const arriving = incoming(b);
      const call = await a.agent.call('100', '101');
      const answered = await arriving;
      await talking(30, call, answered);
      assert.equal(call.stats().suite, 'none');
      assertTone(call.stats().tone, 1000, `${transport} caller`);
      assertTone(answered.stats().tone, 500, `${transport} called`);
      await answered.hangup();
      assert.deepEqual(await call.ended, { reason: 'the peer hung up' });
      await Promise.all([a.agent.stop(), b.agent.stop()]);
    }
  });
});
