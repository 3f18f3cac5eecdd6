// The unit's local time wherever the vendor shows a time, and the settings behind it; the host's time zone data is the judge.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { Gateway } from '../../../cpe/gateway.ts';
import { OPTION } from '../../../shared/dhcp/options.ts';
import { CERTIFICATE, clock, FIRMWARE, faultOf, Gateways, SCRIPT, set } from '../../support/cpe/gateways.ts';
import { voiceAuthority } from '../../support/cpe/voice.ts';
import { openAsAdmin } from '../../support/cpe/web/client.ts';
import { startDhcpServer } from '../../support/servers/dhcp.ts';

const BERLIN = 'CET-1CEST,M3.5.0,M10.5.0/3';

/** `2026-07-15 08:00:00` by the host's data of the place. */
const at = (place: string, instant: number): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: place, dateStyle: 'short', timeStyle: 'medium' }).format(instant);

describe("local time of the unit's values", () => {
  let on: Gateways;
  let gateway: Gateway;
  beforeEach(async () => {
    on = await Gateways.open();
    gateway = await on.up();
  });
  afterEach(() => on.close());
  const value = (name: string): string => gateway.device.config.variable(name) ?? '';
  const standAt = (instant: number): void => gateway.device.setClock(instant - clock.now());
  const systemTime = (): string => value('Hoc.SystemTime');

  it('is that of the factory zone, in winter and in summer, and follows the zone', async () => {
    const instants = [
      Date.UTC(2026, 0, 15, 12),
      Date.UTC(2026, 6, 15, 12),
      Date.UTC(2026, 2, 8, 7),
      Date.UTC(2026, 10, 1, 6),
    ];
    for (const instant of instants) {
      standAt(instant);
      assert.equal(systemTime().slice(0, 16), at('America/New_York', instant).slice(0, 16));
    }
    await set(gateway, { 'Hoc.StaticTimeZone': BERLIN });
    for (const instant of instants) {
      standAt(instant);
      assert.equal(systemTime().slice(0, 16), at('Europe/Berlin', instant).slice(0, 16));
    }
  });

  it('is nothing before the clock is set', () => {
    gateway.device.setClock(undefined);
    assert.equal(systemTime(), '');
  });

  it('shows in dates of certificates, transfers and the log, all by the zone of now', async () => {
    const authority = await voiceAuthority();
    const instant = Date.UTC(2026, 5, 1, 22, 30);
    standAt(instant);
    const events = 'Nlm.InsertEvent\nNlm.Events[Index=1].Criteria="All"\nNlm.Events[Index=1].Action=LogLocally\n';
    await gateway.device.install(SCRIPT, Buffer.from(`${events}Conf.MinSeverity=Info`), 'events.cfg');
    await gateway.device.install(CERTIFICATE, Buffer.from(authority.cert), 'ca.crt');
    await gateway.device.install(SCRIPT, Buffer.from('Hoc.SystemName="clock"'), 'a.cfg');
    await assert.rejects(gateway.device.install(FIRMWARE, Buffer.from('none'), 'a.bin'));
    const { validFrom, validTo } = new X509Certificate(authority.cert);
    const rows = gateway.device.config.tree.rows('Device.X_0090F8_Cert.OthersCertificatesInfo.');
    const row = `Cert.OthersCertificatesInfo[FileName=ca.crt]`;
    assert.ok(rows.length > 0);
    const assertShown = (place: string): void => {
      const [first] = gateway.device.config.tree.rows('Device.X_0090F8_Nlm.LocalLogMessages.');
      const minute = at(place, instant).slice(0, 16);
      assert.equal(value(`Nlm.LocalLogMessages[Index=${first}].LocalTime`).slice(0, 16), minute);
      assert.ok(gateway.device.config.get('Device.DeviceInfo.DeviceLog').startsWith(minute));
      assert.equal(value(`${row}.ValidFrom`), at(place, Date.parse(validFrom)));
      assert.equal(value(`${row}.ValidTo`), at(place, Date.parse(validTo)));
      for (const name of ['Conf.ScriptsStatsLastTransferDateTime', 'Fpu.MfpLastInstallationDateTime']) {
        assert.equal(value(name).slice(0, 16), minute, name);
      }
    };
    assertShown('America/New_York');
    await set(gateway, { 'Hoc.StaticTimeZone': BERLIN });
    assertShown('Europe/Berlin');
  });

  it('refuses a zone that cannot be read, at the field and to the ACS, and keeps the one before', async () => {
    const factory = value('Hoc.StaticTimeZone');
    const { code, parameters } = await faultOf(set(gateway, { 'Hoc.StaticTimeZone': 'Moon/Base' }));
    assert.deepEqual(
      [code, parameters[0]?.name, parameters[0]?.code],
      [9003, 'Device.X_0090F8_Hoc.StaticTimeZone', 9007],
    );
    assert.match(parameters[0]?.message ?? '', /Moon\/Base is no time zone: .*hours west of Greenwich/);
    await faultOf(set(gateway, { 'Device.Time.LocalTimeZone': 'EST5EDT4,M3.2.0' }));
    const web = await openAsAdmin(gateway.device);
    try {
      const { status, text } = await web.change(gateway.device, '/network/host', { 'Hoc.StaticTimeZone': 'EST' });
      assert.equal(status, 422);
      assert.match(text, /id="wrong-Device\.X_0090F8_Hoc\.StaticTimeZone">EST is no time zone/);
    } finally {
      await web.close();
    }
    assert.equal(value('Hoc.StaticTimeZone'), factory);
  });

  it('has one zone under its three names', async () => {
    await set(gateway, { 'Hoc.SntpTimeZone': BERLIN });
    assert.equal(value('Hoc.StaticTimeZone'), BERLIN);
    assert.equal(value('Hoc.SntpTimeZone'), BERLIN);
    assert.equal(gateway.device.config.get('Device.Time.LocalTimeZone'), BERLIN);
    await faultOf(set(gateway, { 'Hoc.SntpTimeZone': 'here' }));
  });

  it('tells DHCP the host name, and takes domain, router and servers from it', async () => {
    const options = new Map([[OPTION.domainName, Buffer.from('lab.test')]]);
    const dhcp = await startDhcpServer({ routers: ['192.0.2.254'], dnsServers: ['192.0.2.53'], options });
    try {
      const server = { host: '127.0.0.1', port: dhcp.port };
      const unit = await on.make({ dhcp: { server } });
      await set(unit, { 'Hoc.HostName': 'gw-7' });
      await unit.boot();
      const names = ['DomainNameInfo', 'DefaultRouterInfo', 'DnsServersInfo[Priority=1].IpAddress'];
      const shown = (): (string | undefined)[] => names.map(name => unit.device.config.variable(`Hoc.${name}`));
      assert.deepEqual(shown(), ['lab.test', '192.0.2.254', '192.0.2.53']);
      assert.ok(dhcp.requests.length >= 2);
      for (const { message } of dhcp.requests) assert.equal(String(message.options.get(OPTION.hostName)), 'gw-7');
      await set(unit, { 'Hoc.DomainNameConfigSource': 'Static', 'Hoc.StaticDomainName': 'own.test' });
      assert.deepEqual(shown(), ['own.test', '192.0.2.254', '192.0.2.53']);
      dhcp.change({ options: new Map([[OPTION.domainName, Buffer.from('<b>\n')]]) });
      await unit.device.dhcp.renew();
      await set(unit, { 'Hoc.DomainNameConfigSource': 'Automatic' });
      assert.equal(unit.device.config.variable('Hoc.DomainNameInfo'), '');
    } finally {
      await on.powerOff();
      await dhcp.close();
    }
  });

  it('shows name and router as configured, once they do not come from DHCP', async () => {
    assert.deepEqual([value('Hoc.DomainNameInfo'), value('Hoc.DefaultRouterInfo')], ['', '']);
    await set(gateway, { 'Hoc.StaticDomainName': 'example.test', 'Hoc.StaticDefaultRouter': '192.0.2.1' });
    assert.deepEqual([value('Hoc.DomainNameInfo'), value('Hoc.DefaultRouterInfo')], ['', '']);
    await set(gateway, { 'Hoc.DomainNameConfigSource': 'Static', 'Hoc.DefaultRouterConfigSource': 'Static' });
    assert.deepEqual([value('Hoc.DomainNameInfo'), value('Hoc.DefaultRouterInfo')], ['example.test', '192.0.2.1']);
    await set(gateway, { 'Hoc.DefaultRouterConfigSource': 'Automatic' });
    assert.equal(value('Hoc.DefaultRouterInfo'), '');
  });

  it('shows the router of IPv6 as configured, and none by itself', async () => {
    await set(gateway, { 'Hoc.StaticDefaultIpv6Router': '2001:db8::1' });
    assert.equal(value('Hoc.DefaultIpv6RouterInfo'), '');
    await set(gateway, { 'Hoc.DefaultIpv6RouterConfigSource': 'Static' });
    assert.equal(value('Hoc.DefaultIpv6RouterInfo'), '2001:db8::1');
    await set(gateway, { 'Hoc.StaticDefaultIpv6Router': '2001:db8::2' });
    assert.equal(value('Hoc.DefaultIpv6RouterInfo'), '2001:db8::2');
    await set(gateway, { 'Hoc.DefaultIpv6RouterConfigSource': 'AutomaticIpv6' });
    assert.equal(value('Hoc.DefaultIpv6RouterInfo'), '');
  });
});
