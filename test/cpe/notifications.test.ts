// Notifications: the table itself and its page, the floor of each service, and those about links and registrations.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:tls';
import { createGateway, type Gateway } from '../../cpe/gateway.ts';
import { isVendors, type NotificationName, notifications, notificationText } from '../../cpe/notifications.ts';
import type { Pbx } from '../../pbx/app.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { builtinModel } from '../../shared/model/datamodel.ts';
import type { Authority } from '../../shared/pki/authority.ts';
import {
  hurriedClock,
  registered,
  startServer,
  startUnit,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../support/cpe/voice.ts';

const names = Object.keys(notifications) as NotificationName[];
const root = new URL('../..', import.meta.url).pathname;

describe('notifications', () => {
  it('have a number of their own in their service, those that are ours from 9000 up', () => {
    const keys = names.map(name => `${notifications[name].service}.${notifications[name].number}`);
    assert.equal(new Set(keys).size, keys.length);
    assert.deepEqual(names.filter(isVendors), ['tlsReady', 'serverReachable', 'wrongKeyManagement']);
  });

  it('fill their text, and clip a fact from the network', () => {
    assert.equal(
      notificationText('serverReachable', { server: 'sip.test:5061', gateway: 'default' }),
      'Server sip.test:5061 is now reachable for SIP gateway default.',
    );
    const long = notificationText('callRefused', { peer: 'x'.repeat(100_000), reason: 'no codec.' });
    assert.ok(long.length < 700, String(long.length));
    assert.match(long, /: no codec\.$/);
  });

  it('are in docs/voice.md, each with its number, severity, text and owner', () => {
    const page = readFileSync(`${root}docs/voice.md`, 'utf8');
    for (const name of names) {
      const { service, number, severity, text } = notifications[name];
      const shown = text.replace(/\{(\w+)\}/g, '*$1*');
      const row = `| ${service} | ${number} | ${severity} | ${shown} | ${isVendors(name) ? "vendor's" : 'ours'} |`;
      assert.ok(page.includes(row), `docs/voice.md lacks: ${row}`);
    }
  });
});

describe('notifications of a unit', () => {
  let gateway: Gateway;
  const services = [...new Set(names.map(name => notifications[name].service))];
  const heard = (): string[] =>
    gateway.device.config
      .names('Device.X_0090F8_Nlm.LocalLogMessages.', true)
      .map(
        ({ Name }) =>
          `${gateway.device.config.get(`${Name}ServiceTextkey`)} ${gateway.device.config.get(`${Name}NotificationId`)}`,
      );

  before(async () => {
    gateway = await createGateway({
      model: await builtinModel('dgw'),
      identity: { manufacturer: 'M', oui: '0090F8', productClass: '4102S', serialNumber: 'N1', mac: '0090f8000001' },
      address: '127.0.0.1',
      clock: systemClock(),
      random: systemRandom(),
      log: silentLog,
      clockSource: 'host',
    });
    await gateway.boot();
    const script = 'Nlm.InsertEvent\nNlm.Events[Index=1].Criteria = "All"\nNlm.Events[Index=1].Action = LogLocally\n';
    await gateway.device.install('3 Vendor Configuration File', Buffer.from(script), '');
  });
  after(() => gateway.stop());

  for (const service of services) {
    it(`of ${service} obey its MinSeverity`, async () => {
      const own = names.filter(name => notifications[name].service === service);
      const path = gateway.device.config.pathOf(`${service}.MinSeverity`) ?? '';
      const report = async (floor: string): Promise<string[]> => {
        await gateway.device.config.set([{ name: path, value: floor }], 'unit');
        const before = heard().length;
        for (const name of own) gateway.device.notify(name, {} as never);
        return heard().slice(before);
      };
      const above = (floors: string[]): string[] =>
        own
          .filter(name => floors.includes(notifications[name].severity))
          .map(name => `${service} ${notifications[name].number}`);
      assert.deepEqual(await report('Disable'), []);
      assert.deepEqual(await report('Error'), above(['Error', 'Critical']));
      assert.deepEqual(await report('Debug'), above(['Debug', 'Info', 'Warning', 'Error', 'Critical']));
    });
  }

  it('tell of scripts, certificates, firmware and services', async () => {
    const { device } = gateway;
    for (const service of ['Conf', 'Cert', 'Fpu', 'Scm']) {
      const path = device.config.pathOf(`${service}.MinSeverity`) ?? '';
      await device.config.set([{ name: path, value: 'Info' }], 'unit');
    }
    const start = heard().length;
    await device.install('3 Vendor Configuration File', Buffer.from('Hoc.MinSeverity = Warning\n'), '');
    await assert.rejects(device.install('3 Vendor Configuration File', Buffer.from('Hoc.MinSeverity = = 1\n'), ''));
    await assert.rejects(device.install('1 Firmware Upgrade Image', Buffer.from('no image'), ''));
    await device.install('X 0090F8 Certificate', Buffer.from((await voiceAuthority()).cert), 'ca.crt');
    await device.services.command('Conf', 'Restart');
    assert.deepEqual(heard().slice(start), ['Conf 9001', 'Conf 9002', 'Fpu 9002', 'Cert 9001', 'Scm 9002', 'Scm 9001']);
  });
});

describe('notifications of a link', () => {
  let authority: Authority;
  const units: Unit[] = [];
  const servers: (Pbx | Server)[] = [];
  const unit = (port: number, tls = tlsSettings([authority.cert])): Unit => {
    const made = startUnit(unitConfig('100', { host: '127.0.0.1', port }, { failbackInterval: 1 }), () => tls, {
      clock: hurriedClock(500, 20),
    });
    units.push(made);
    return made;
  };
  const ids = (one: Unit): number[] => one.heard.map(entry => entry.id);
  const count = (one: Unit, id: number): number => ids(one).filter(other => other === id).length;

  before(async () => {
    authority = await voiceAuthority();
  });
  afterEach(async () => {
    await Promise.all(units.splice(0).map(one => one.agent.stop()));
    for (const one of servers.splice(0)) await ('stop' in one ? one.stop() : one.close());
  });

  it('name the certificate that was refused, once for the same reason', async () => {
    const pbx = await startServer(authority);
    servers.push(pbx);
    const other = await voiceAuthority();
    const one = unit(pbx.ports.tls ?? 0, tlsSettings([other.cert]));
    await one.until(() => count(one, 9004) > 0, 'the refusal');
    await systemClock().sleep(300);
    assert.equal(count(one, 9004), 1);
    assert.equal(count(one, 9001), 1);
    const refused = one.heard.find(entry => entry.id === 9004);
    assert.equal(refused?.severity, 'Error');
    assert.match(
      refused?.message ?? '',
      /^Certificate of remote host 127\.0\.0\.1:\d+ refused for SIP gateway default: the signature of /,
    );
  });

  it('tell a missing client certificate from a missing suite', async () => {
    const issued = await authority.issue({
      commonName: '127.0.0.1',
      ips: ['127.0.0.1'],
      usage: ['server'],
      key: 'rsa',
    });
    const ca = authority.cert;
    const server = createServer({ cert: issued.chain, key: issued.key, requestCert: true, ca, maxVersion: 'TLSv1.2' });
    servers.push(server);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const one = unit((server.address() as { port: number }).port);
    await one.until(() => count(one, 9005) > 0, 'the report');
    assert.match(
      one.heard.find(entry => entry.id === 9005)?.message ?? '',
      /no Host certificate is associated with SIP/,
    );
  });

  it('tell of a lost connection and registration, and of both when they are back', async () => {
    const first = await startServer(authority);
    const port = first.ports.tls ?? 0;
    const one = unit(port);
    await one.until(registered, 'registration');
    await first.stop();
    await one.until(() => count(one, 9013) > 0 && count(one, 9002) > 0, 'the loss');
    servers.push(await startServer(authority, { tlsPort: port }));
    await one.until(() => count(one, 9011) === 2, 'the return');
    assert.deepEqual(
      ids(one).filter(id => id !== 9006 && id !== 9013),
      [9001, 303, 310, 9011, 9003, 9001, 9002, 303, 310, 9011],
    );
    // The connection and the registration learn of the loss at the same time.
    const around = [ids(one).indexOf(9003) - 1, ids(one).indexOf(9003) + 1];
    assert.deepEqual([count(one, 9013), around.includes(ids(one).indexOf(9013))], [1, true]);
  });

  it('warn of media that is secured over a signalling that is not', async () => {
    const pbx = await startServer(authority, { port: 0 });
    servers.push(pbx);
    const config = unitConfig(
      '100',
      { host: '127.0.0.1', port: pbx.ports.udp ?? 0 },
      { transport: 'udp', port: 15_077 },
    );
    const one = startUnit(config, () => tlsSettings([]));
    units.push(one);
    await one.until(registered, 'registration over UDP');
    assert.deepEqual(ids(one), [9031, 310, 9011]);
  });
});
