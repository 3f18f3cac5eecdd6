// Failover and failback between the targets that DNS names for a SIP server, over TLS and over UDP.
import assert from 'node:assert/strict';
import type { Call } from '../../../cpe/voice/call/call.ts';
import type { UserAgentConfig } from '../../../cpe/voice/settings.ts';
import type { Pbx } from '../../../pbx/app.ts';
import type { Authority } from '../../../shared/pki/authority.ts';
import { policyFor } from '../../../shared/tls/profiles.ts';
import {
  inviteTo,
  type Peer,
  registered,
  sdpText,
  startPeer,
  startServer,
  startUnit,
  talking,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../../support/cpe/voice.ts';
import { type DnsRecord, type DnsServer, startDns } from '../../support/servers/dns.ts';

const names = ['a.voice.test', 'b.voice.test'] as const;

describe('failover', () => {
  let authority: Authority;
  let dns: DnsServer;
  const units: Unit[] = [];
  const closing: (() => Promise<void>)[] = [];

  before(async () => {
    authority = await voiceAuthority();
  });
  beforeEach(async () => {
    dns = await startDns();
    for (const name of names) dns.records[name] = [{ type: 'A', address: '127.0.0.1' }];
  });
  afterEach(async () => {
    await Promise.all(units.splice(0).map(one => one.agent.stop({ silent: true })));
    await Promise.all(closing.splice(0).map(close => close()));
    dns.close();
  });

  const service = (ports: readonly number[]): DnsRecord[] =>
    ports.map((port, at) => ({ type: 'SRV', priority: 10 * (at + 1), weight: 0, port, target: names[at] ?? '' }));
  const found = (changes: Partial<UserAgentConfig> = {}): Partial<UserAgentConfig> => ({
    dns: {
      ...{ servers: [dns.address], withIpv6: false, concealsFailures: false, forcesNaptr: false },
      queries: 'Naptr',
    },
    ...changes,
  });
  const remoteOf = ({ agent }: Unit): string | undefined => agent.connections()[0]?.remoteAddress;

  describe('over TLS', () => {
    const serverAt = async (tlsPort: number, dnsNames: string[]): Promise<Pbx> => {
      const issued = await authority.issue({
        commonName: dnsNames[0] ?? '',
        dns: dnsNames,
        usage: ['server'],
        key: 'rsa',
      });
      const server = await startServer(authority, { tlsPort, cert: issued.chain, key: issued.key });
      closing.push(() => server.stop());
      return server;
    };
    const unit = (user: string, variables: Record<string, string> = {}): Unit => {
      const policy = policyFor('SipEp', name => variables[name]);
      const config = unitConfig(user, { host: 'voice.test', port: 0 }, found());
      const made = startUnit(config, () => tlsSettings([authority.cert], { policy }));
      units.push(made);
      return made;
    };

    it('takes the next target when the first ends, and the first again after the failback interval', async () => {
      const [first, second] = [await serverAt(0, ['voice.test']), await serverAt(0, ['voice.test'])];
      const ports = [first.ports.tls ?? 0, second.ports.tls ?? 0];
      dns.records['_sips._tcp.voice.test'] = service(ports);
      const [a, b] = [unit('100'), unit('101')];
      const at = (port: number | undefined) => (agent: Unit['agent']) =>
        agent.connections()[0]?.remoteAddress === `127.0.0.1:${port}` && registered(agent);
      await Promise.all([a, b].map(one => one.until(at(ports[0]), 'registration at the first')));
      await first.stop();
      await Promise.all([a, b].map(one => one.until(at(ports[1]), 'registration at the second')));
      const arriving = new Promise<Call>(resolve => b.agent.incoming(resolve));
      const call = await a.agent.call('100', '101');
      const answered = await arriving;
      await talking(10, call, answered);
      await serverAt(ports[0] ?? 0, ['voice.test']);
      await Promise.all([a, b].map(one => one.until(at(ports[0]), 'registration at the first again')));
      // The call is still carried by the server that it was made through.
      await call.hangup();
      assert.deepEqual(await answered.ended, { reason: 'the peer hung up' });
    });

    it('goes past a target whose certificate is refused', async () => {
      const [first, second] = [await serverAt(0, ['other.test']), await serverAt(0, ['voice.test'])];
      dns.records['_sips._tcp.voice.test'] = service([first.ports.tls ?? 0, second.ports.tls ?? 0]);
      const one = unit('100');
      await one.until(registered, 'registration');
      assert.equal(remoteOf(one), `127.0.0.1:${second.ports.tls}`);
    });

    it('accepts the name of the SRV target at DnsSrvResponse, and not at HostName', async () => {
      const server = await serverAt(0, [names[0]]);
      dns.records['_sips._tcp.voice.test'] = service([server.ports.tls ?? 0]);
      const strict = unit('100');
      await strict.until(agent => agent.connections()[0]?.failure !== undefined, 'the refusal');
      assert.match(strict.agent.connections()[0]?.failure ?? '', /names CN a\.voice\.test.*not voice\.test/);
      const lenient = unit('101', { 'SipEp.InteropTlsCertificateValidation': 'DnsSrvResponse' });
      await lenient.until(registered, 'registration');
    });
  });

  describe('over UDP', () => {
    let peers: [Peer, Peer];
    let address: string;
    let next = 0;
    beforeEach(async () => {
      peers = [await startPeer(), await startPeer()];
      for (const peer of peers) closing.push(() => peer.close());
      dns.records['_sip._udp.voice.test'] = service(peers.map(({ server }) => server.port));
      address = `127.12.${1 + (process.pid % 250)}.${++next}`;
    });
    const unit = (changes: Partial<UserAgentConfig> = {}): Unit => {
      const config = unitConfig(
        '100',
        { host: 'voice.test', port: 0 },
        found({
          ...{ address, transport: 'udp', transmissionTimeout: 1, retryTime: 1 },
          srtp: { mode: 'Unsecure', keyManagement: 'Sdes', encryption: 'AesCm128' },
          ...changes,
        }),
      );
      const made = startUnit(config, () => tlsSettings([]));
      units.push(made);
      return made;
    };
    /** The second peer takes a call that the unit places. */
    const called = async (one: Unit): Promise<void> => {
      await one.until(registered, 'registration');
      const call = one.agent.call('100', '101');
      const taken = await peers[1].next('INVITE');
      taken.respond(486);
      await assert.rejects(call, { status: 486 });
    };

    it('calls the next target when the first does not answer', async () => {
      const one = unit();
      await one.until(registered, 'registration');
      await peers[0].close();
      closing.shift();
      await called(one);
    });

    it('calls the next target when the first answers 503, and gives up on other refusals', async () => {
      const one = unit();
      void peers[0].next('INVITE').then(transaction => transaction.respond(503));
      await called(one);
      const call = one.agent.call('100', '101');
      (await peers[1].next('INVITE')).respond(500);
      await assert.rejects(call, { status: 500 });
    });

    it('registers at the next target by the conditions of an endpoint gateway', async () => {
      const silent = await startPeer({ registrar: false });
      closing.push(() => silent.close());
      dns.records['_sip._udp.voice.test'] = service([silent.server.port, peers[1].server.port]);
      void silent.next('REGISTER').then(transaction => transaction.respond(500));
      const trunk = unit({ retryTime: 120 });
      await trunk.until(agent => agent.registrations()[0]?.state === 'Rejected', 'Rejected');
      await trunk.agent.stop({ silent: true });
      void silent.next('REGISTER').then(transaction => transaction.respond(500));
      const endpoint = unit({ retryTime: 120, type: 'endpoint', failoverConditions: ['500OnRegistration'] });
      await endpoint.until(registered, 'registration at the second');
    });

    it('is reached by both targets, at one port', async () => {
      const one = unit();
      await one.until(registered, 'registration');
      for (const peer of peers) {
        const asked = await peer.send(address, inviteTo(peer, address, sdpText(20_000, 'RTP/AVP')));
        assert.equal((await asked.final).response.status, 200);
      }
    });
  });
});
