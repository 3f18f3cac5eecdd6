// dnsmasq names two Kamailios for one domain: the unit goes to the second when the first ends, and back.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '../../cpe/voice/call/call.ts';
import type { SipUserAgent } from '../../cpe/voice/user-agent.ts';
import { systemClock } from '../../shared/clock.ts';
import type { Authority } from '../../shared/pki/authority.ts';
import { policyFor } from '../../shared/tls/profiles.ts';
import {
  registered,
  startUnit,
  talking,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../support/cpe/voice.ts';
import { type Lab, openLab, peerSuite, peersFolder, run } from '../support/servers/peers.ts';

/** The lab's records: _sips._tcp.lab.test names sip.lab.test and sip2.lab.test, in this order. */
const DNS = '127.0.0.1:15353';
const addresses = { sip: '127.0.0.1', sip2: '127.0.0.2' } as const;
type Name = keyof typeof addresses;

peerSuite('dnsmasq and two Kamailios', { programs: ['kamailio', 'dnsmasq', 'openssl', 'ss'], lab: true }, function () {
  this.timeout(60_000);
  let authority: Authority;
  const labs = new Map<Name | 'dns', Lab>();
  const units: Unit[] = [];

  /** A Kamailio whose certificate has these names. */
  const start = async (name: Name, dns: string[]): Promise<void> => {
    const lab = labs.get(name) ?? (await openLab());
    labs.set(name, lab);
    await run('sh', [join(peersFolder, 'lab'), 'certs'], { env: { ...process.env, LAB: lab.folder } });
    const issued = await authority.issue({ commonName: dns[0] ?? '', dns, usage: ['server'], key: 'rsa' });
    await writeFile(join(lab.folder, 'certs', 'sip.pem'), issued.chain);
    await writeFile(join(lab.folder, 'certs', 'sip.key'), issued.key);
    await lab.start('kamailio', '-A', `SIPIP=${addresses[name]}`);
  };
  const unit = (user: string, validation = 'HostName'): Unit => {
    const policy = policyFor('SipEp', name =>
      name === 'SipEp.InteropTlsCertificateValidation' ? validation : undefined,
    );
    const lookup = {
      servers: [DNS],
      withIpv6: false,
      concealsFailures: false,
      queries: 'Naptr',
      forcesNaptr: true,
    } as const;
    const changes = { domain: 'lab.test', dns: lookup, basePort: 17_000, failbackInterval: 2 };
    const config = unitConfig(user, { host: 'lab.test', port: 0 }, changes);
    const made = startUnit(config, () => tlsSettings([authority.cert], { policy }));
    units.push(made);
    return made;
  };
  const isAt =
    (name: Name) =>
    (agent: SipUserAgent): boolean =>
      agent.connections()[0]?.remoteAddress === `${addresses[name]}:5061` && registered(agent);
  const bothAt = async (name: Name): Promise<void> => {
    await Promise.all(units.map(one => one.until(isAt(name), `connection to ${name}`)));
    // The registration over the new connection follows; until it begins, the state is that of the old one.
    await systemClock().sleep(300);
    await Promise.all(units.map(one => one.until(isAt(name), `registration at ${name}`)));
  };
  const talk = async (from: Unit, to: Unit): Promise<void> => {
    const arriving = new Promise<Call>(resolve => to.agent.incoming(resolve));
    const call = await from.agent.call('100', '101');
    const answered = await arriving;
    await talking(20, call, answered);
    assert.equal(call.stats().authFailures + answered.stats().authFailures, 0);
    await call.hangup();
    await answered.ended;
  };

  before(async () => {
    authority = await voiceAuthority();
    const lab = await openLab();
    labs.set('dns', lab);
    await lab.start('dns');
  });
  afterEach(async () => {
    await Promise.all(units.splice(0).map(one => one.agent.stop()));
    for (const name of ['sip', 'sip2'] as const) await labs.get(name)?.stop('kamailio');
  });
  after(async () => {
    for (const lab of labs.values()) await lab.close();
  });

  it('carry the next call over the second once the first has ended, and over the first again', async () => {
    for (const name of ['sip', 'sip2'] as const) await start(name, ['lab.test']);
    const [a, b] = [unit('100'), unit('101')];
    await bothAt('sip');
    await talk(a, b);
    const ended = performance.now();
    await labs.get('sip')?.stop('kamailio');
    await bothAt('sip2');
    await talk(a, b);
    const seconds = (performance.now() - ended) / 1000;
    assert.ok(seconds < 15, `${seconds} s`);
    await start('sip', ['lab.test']);
    await bothAt('sip');
    await talk(a, b);
  });

  it('are accepted by the name of the SRV record at DnsSrvResponse, and refused at HostName', async () => {
    await start('sip', ['sip.lab.test']);
    const lenient = unit('100', 'DnsSrvResponse');
    await lenient.until(isAt('sip'), 'registration');
    const strict = unit('101');
    await strict.until(agent => agent.connections()[0]?.failure !== undefined, 'the refusal');
    assert.match(strict.agent.connections()[0]?.failure ?? '', /ECONNREFUSED|names CN sip\.lab\.test.*not lab\.test/);
    assert.equal(strict.agent.connections()[0]?.state, 'Down');
    assert.ok(
      strict.heard.some(({ id, message }) => id === 9004 && /names CN sip\.lab\.test.*not lab\.test/.test(message)),
    );
  });
});
