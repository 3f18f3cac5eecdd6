// The unit as SIP/TLS server at its SecurePort: two units without a proxy, client certificates, and peers that misbehave.
import assert from 'node:assert/strict';
import { connect as netConnect, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { Call } from '../../../cpe/voice/call/call.ts';
import { systemClock } from '../../../shared/clock.ts';
import { createLog, type Log } from '../../../shared/log.ts';
import type { Authority, IssueRequest } from '../../../shared/pki/authority.ts';
import { policyFor } from '../../../shared/tls/profiles.ts';
import { startUnit, talking, tlsSettings, type Unit, unitConfig, voiceAuthority } from '../../support/cpe/voice.ts';

const PORT = 5061;

interface Line {
  level: string;
  msg: string;
  reason?: unknown;
}

function collectingLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Line);
  return { log: createLog({ level: 'info', clock: systemClock(), write }), lines };
}

describe('unit as SIP/TLS server', () => {
  let authority: Authority;
  const units: Unit[] = [];
  let next = 0;
  const freshAddress = (): string => `127.9.${1 + (process.pid % 250)}.${++next}`;

  const certificate = async (
    address: string,
    changes: Partial<IssueRequest> = {},
  ): Promise<{ cert: string; key: string }> => {
    const issued = await authority.issue({
      commonName: address,
      ips: [address],
      usage: ['server'],
      key: 'rsa',
      ...changes,
    });
    return { cert: issued.chain, key: issued.key };
  };

  interface Wanted {
    address: string;
    peer: string;
    user: string;
    host?: { cert: string; key: string } | undefined;
    config?: Parameters<typeof unitConfig>[2];
    variables?: Record<string, string>;
    log?: Log;
  }
  /** A trunk without a registrar: calls go straight to the peer gateway. */
  const trunk = ({ address, peer, user, host, config, variables = {}, log }: Wanted): Unit => {
    const settings = unitConfig(
      user,
      { host: '', port: 0 },
      {
        address,
        domain: peer,
        home: { host: peer, port: 0 },
        accounts: [{ user, register: false }],
        ...config,
      },
    );
    const policy = policyFor('SipEp', name => variables[name]);
    const own = host && { host };
    const unit = startUnit(settings, role => tlsSettings([authority.cert], { policy, ...(role === 'server' && own) }), {
      ...(log && { log }),
    });
    units.push(unit);
    return unit;
  };
  const incoming = (one: Unit): Promise<Call> => new Promise(resolve => one.agent.incoming(resolve));
  const isUp = (unit: Unit): Promise<void> =>
    unit.until(agent => agent.connections()[0]?.state === 'Up', 'the connection to the peer');

  /** The version and suite of a handshake with the unit, and a socket that stays open; rejects when it fails or is closed. */
  const handshake = (
    address: string,
    options: ConnectionOptions & { localAddress?: string } = {},
  ): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const socket = connect({
        host: address,
        port: PORT,
        ca: authority.cert,
        ciphers: 'DEFAULT@SECLEVEL=0',
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.2',
        ...options,
      });
      socket.on('error', reject);
      socket.once('close', () => reject(new Error('closed')));
      socket.once('secureConnect', () => socket.write('\r\n\r\n'));
      // The unit answers the ping of RFC 5626 3.5.1: the connection is admitted.
      socket.once('data', () => resolve(socket));
    });

  before(async () => {
    authority = await voiceAuthority();
  });
  afterEach(async () => {
    await Promise.all(units.splice(0).map(one => one.agent.stop()));
  });

  const pair = async (certificates: 1 | 2): Promise<[Unit, Unit]> => {
    const [one, two] = [freshAddress(), freshAddress()];
    const second = trunk({ address: two, peer: one, user: '200', host: await certificate(two) });
    const own = certificates === 2 ? await certificate(one) : undefined;
    const first = trunk({ address: one, peer: two, user: '100', host: own });
    return [first, second];
  };
  const talk = async (from: Unit, user: string, to: Unit, target: string): Promise<void> => {
    await isUp(from);
    const arriving = incoming(to);
    const call = await from.agent.call(user, target);
    const answered = await arriving;
    await talking(10, call, answered);
    // The called side ends the call over the connection that it came by.
    await answered.hangup();
    assert.deepEqual(await call.ended, { reason: 'the peer hung up' });
  };

  it('is called by a unit without a Host certificate, and cannot call it back', async () => {
    const [first, second] = await pair(1);
    await talk(first, '100', second, '200');
    await assert.rejects(second.agent.call('200', '100'), { status: 503 });
    assert.match(second.agent.connections()[0]?.failure ?? '', /ECONNREFUSED/);
  });

  it('calls and is called where both units have a Host certificate', async () => {
    const [first, second] = await pair(2);
    await talk(first, '100', second, '200');
    await talk(second, '200', first, '100');
  });

  it('offers no port without a Host certificate for a server, and says so', async () => {
    const { log, lines } = collectingLog();
    const address = freshAddress();
    trunk({ address, peer: freshAddress(), user: '100', log });
    await assert.rejects(handshake(address), /ECONNREFUSED/);
    assert.equal(lines.filter(line => line.msg === 'SIP TLS port not opened').length, 1);
  });

  it("keeps to the unit's suites and lowest version", async () => {
    const address = freshAddress();
    const variables = { 'SipEp.TransportTlsVersion': 'TLSv1_2', 'SipEp.TransportTlsCipherSuite': 'CS3' };
    trunk({ address, peer: freshAddress(), user: '100', host: await certificate(address), variables });
    const socket = await handshake(address);
    assert.deepEqual([socket.getProtocol(), socket.getCipher().name], ['TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384']);
    socket.destroy();
    await assert.rejects(handshake(address, { maxVersion: 'TLSv1.1' }), /alert protocol version|EPROTO|closed/i);
    await assert.rejects(handshake(address, { ciphers: 'AES128-SHA@SECLEVEL=0' }), /handshake failure/i);
  });

  it('speaks TLS 1.0 with RSA key exchange by its factory settings', async () => {
    const address = freshAddress();
    trunk({ address, peer: freshAddress(), user: '100', host: await certificate(address) });
    const socket = await handshake(address, { maxVersion: 'TLSv1' });
    assert.deepEqual([socket.getProtocol(), socket.getCipher().name], ['TLSv1', 'AES256-SHA']);
    socket.destroy();
  });

  it('admits only clients with a certificate of an installed CA when it asks for them', async () => {
    const { log, lines } = collectingLog();
    const address = freshAddress();
    const host = await certificate(address);
    trunk({ address, peer: freshAddress(), user: '100', host, log, config: { clientAuthentication: true } });
    const strange = await voiceAuthority();
    const good = await certificate('any.name', { ips: [], usage: ['client'] });
    const socket = await handshake(address, good);
    socket.destroy();
    const issued = await strange.issue({ commonName: 'x', usage: ['client'], key: 'rsa' });
    await assert.rejects(handshake(address), /closed|disconnected|ECONNRESET/);
    await assert.rejects(handshake(address, { cert: issued.chain, key: issued.key }), /closed|disconnected|ECONNRESET/);
    await assert.rejects(handshake(address, await certificate(address)), /closed|disconnected|ECONNRESET/);
    const reasons = lines.filter(line => line.msg === 'SIP TLS client refused').map(line => String(line.reason));
    assert.equal(reasons.length, 1, 'one line a minute for an address');
    assert.match(reasons[0] ?? '', /presented no certificate/);
  });

  it('serves others while one address opens all the connections that it can', async () => {
    const address = freshAddress();
    trunk({ address, peer: freshAddress(), user: '100', host: await certificate(address) });
    await handshake(address).then(socket => socket.destroy());
    const opened: Socket[] = [];
    const message = [
      'OPTIONS sip:a SIP/2.0',
      'Via: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK1',
      ...['From: <sip:a>;tag=1', 'To: <sip:a>', 'Call-ID: 1', 'CSeq: 1 OPTIONS', 'Max-Forwards: 70'],
      'Content-Length: 0\r\n\r\n',
    ].join('\r\n');
    const hold = async (localAddress: string, text: string): Promise<void> => {
      const socket = await handshake(address, { localAddress });
      socket.on('error', () => undefined);
      opened.push(socket);
      socket.write(text);
    };
    // Silent ones have a bound of their own; those that have sent a message fill the address's share.
    for (let at = 0; at < 40; at++) await hold('127.0.0.2', '').catch(() => undefined);
    for (let at = 0; at < 64; at++) await hold('127.0.0.3', message);
    await assert.rejects(hold('127.0.0.3', message));
    const other = await handshake(address, { localAddress: '127.0.0.4' });
    other.destroy();
    for (const one of opened) one.destroy();
  });

  it('serves others while clients are slow, send no TLS, or no SIP', async () => {
    const { log, lines } = collectingLog();
    const address = freshAddress();
    trunk({ address, peer: freshAddress(), user: '100', host: await certificate(address), log });
    const opened: Socket[] = [];
    const raw = async (bytes: string | Buffer): Promise<void> => {
      const socket = netConnect({ host: address, port: PORT });
      socket.on('error', () => undefined);
      opened.push(socket);
      await new Promise<void>(resolve => socket.write(bytes, () => resolve()));
    };
    await handshake(address).then(socket => socket.destroy());
    for (let at = 0; at < 20; at++) await raw('');
    await raw(Buffer.from([22, 3, 1]));
    await raw('OPTIONS sip:x SIP/2.0\r\n\r\n');
    const garbage = await handshake(address);
    garbage.on('error', () => undefined);
    garbage.write(Buffer.alloc(200_000, 0x41));
    const socket = await handshake(address);
    socket.destroy();
    for (const one of opened) one.destroy();
    garbage.destroy();
    assert.ok(lines.filter(line => line.level === 'warn').length <= 4, JSON.stringify(lines));
    assert.deepEqual(
      lines.filter(line => line.level === 'error'),
      [],
    );
  });
});
