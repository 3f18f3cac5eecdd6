// The pages beside SIP and certificates as the vendor's notes show them: network, ports, media, call router, management, logs.
import assert from 'node:assert/strict';
import type { Gateway } from '../../../cpe/gateway.ts';
import { Gateways, set } from '../../support/cpe/gateways.ts';
import { openAsAdmin, openPages, type PagesClient, tokenOf } from '../../support/cpe/web/client.ts';

const texts = (part = ''): string[] => [...part.matchAll(/">([^<]*)<\/a>/g)].map(([, text = '']) => text);

describe("pages of the unit's settings", () => {
  let on: Gateways;
  let gateway: Gateway;
  let web: PagesClient;
  beforeEach(async () => {
    on = await Gateways.open();
    gateway = await on.up();
    web = await openAsAdmin(gateway.device);
  });
  afterEach(async () => {
    await web.close();
    await on.close();
  });
  const value = (name: string): string | undefined => gateway.device.config.variable(name);
  const change = (
    path: string,
    typed: Record<string, string>,
    press?: string,
  ): Promise<{ status: number; text: string }> => web.change(gateway.device, path, typed, press);
  /** Sends the form of an action, with files. @returns the page that it leads to, or the answer itself */
  async function act(at: string, action: string, fields: Record<string, string | Blob>): Promise<Response> {
    const hasFile = /configuration-scripts/.test(at);
    const body = hasFile ? new FormData() : new URLSearchParams();
    for (const [name, field] of Object.entries({ token: tokenOf(await web.page(at)), action, ...fields })) {
      if (typeof field === 'string') body.append(name, field);
      else if (body instanceof FormData) body.append(name, field, 'given.cfg');
    }
    const answer = await web.request(at, { method: 'POST', body });
    const to = answer.headers.get('location');
    return to === null ? answer : web.request(to);
  }
  const headings = async (path: string): Promise<string[]> =>
    [...(await web.page(path)).matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, text = '']) => text);

  it('stand in the order of the vendor', async () => {
    const menu = async (path: string): Promise<string[][]> => (await web.page(path)).split('<nav ').slice(1).map(texts);
    const [all, network] = await menu('/network/host');
    assert.deepEqual(all, ['System', 'Network', 'POTS', 'SIP', 'Media', 'Call Router', 'Management']);
    assert.deepEqual(network?.slice(0, 6), ['Status', 'Host', 'Interfaces', 'VLAN', 'QoS', 'Local Firewall']);
    assert.deepEqual((await menu('/media/codecs'))[1], ['Codecs', 'Security', 'Misc']);
    const management = (await menu('/management/cwmp'))[1] ?? [];
    const order = ['Configuration Scripts', 'Backup / Restore', 'Certificates', 'SNMP', 'Access Control', 'CWMP'];
    assert.deepEqual(
      management.filter(tab => order.includes(tab)),
      order,
    );
  });

  it('of the ports are those of the product', async () => {
    const menusOf = async (productClass: string): Promise<string[]> => {
      const { identity } = gateway.device;
      const other = await on.up({ identity: { ...identity, productClass, serialNumber: productClass } });
      const pages = await openAsAdmin(other.device);
      const [, menu] = (await pages.page('/network/status')).split('<nav ');
      await pages.close();
      return texts(menu).filter(text => /POTS|ISDN/.test(text));
    };
    assert.deepEqual(await menusOf('4102S'), ['POTS']);
    assert.deepEqual(await menusOf('4402 plus'), ['ISDN']);
    assert.deepEqual(await menusOf('3208'), ['POTS']);
    assert.deepEqual(await menusOf('3731'), ['POTS', 'ISDN']);
    assert.equal((await web.request('/isdn/status')).status, 404);
  });

  it('of the host set name, gateway, DNS, SNTP and time zone in one step', async () => {
    assert.deepEqual(
      (await headings('/network/host')).filter(text => text.endsWith('Configuration')),
      [
        'Host Name Configuration',
        'Default Gateway Configuration',
        'DNS Configuration',
        'SNTP Configuration',
        'Time Configuration',
      ],
    );
    const { text } = await change('/network/host', {
      'Hoc.DomainNameConfigSource': 'Static',
      'Hoc.StaticDomainName': 'example.test',
      'Hoc.SntpConfigSource': 'Static',
      'Hoc.StaticSntpServers[Priority=1].HostName': '127.0.0.1:9',
      'Hoc.StaticTimeZone': 'UTC',
    });
    assert.match(text, /The changes have been saved/);
    assert.match(
      await web.page('/network/status'),
      /<td>Domain Name<\/td><td>Hoc.DomainNameInfo<\/td><td>example.test</,
    );
    assert.match(await web.page('/network/status'), /<td>127\.0\.0\.1:9<\/td>/);
    gateway.device.setClock(undefined);
    assert.match(await web.page('/network/host'), /The clock is not set/);
  });

  it('of media have the settings of all endpoints, or of the one that is selected', async () => {
    const all = await web.page('/media/security');
    assert.match(all, /Select Endpoint.*<option value="" selected>Default<.*<option value="Phone-Fax2">/s);
    assert.match(all, /Allow Unsecure T\.38 with Secure RTP/);
    const at = '/media/security?endpoint=Phone-Fax2';
    const one = await web.page(at);
    assert.doesNotMatch(one, /T\.38|Mipt\.DefaultSecurity/);
    assert.match(
      one,
      /<a href="\/media\/security\?help&#38;endpoint=Phone-Fax2">Show Help|help&amp;endpoint=Phone-Fax2/,
    );
    const row = 'Mipt.EpSpecificSecurity[EpId=Phone-Fax2]';
    const { text } = await change(at, { [`${row}.EnableConfig`]: 'Enable', [`${row}.RtpMode`]: 'Secure' });
    assert.match(text, /The changes have been saved/);
    assert.match(text, /<option value="Phone-Fax2" selected>/);
    assert.equal(value(`${row}.RtpMode`), 'Secure');
    assert.equal(value('Mipt.EpSpecificSecurity[EpId=Phone-Fax1].RtpMode'), 'Unsecure');
    assert.match(text, /keys can be read on the way/);
    const other = await web.page('/media/codecs?endpoint=%22%3E%3Cb%3E');
    assert.doesNotMatch(other, /"><b>/);
  });

  it('warn in the order of the notes: signalling first, and fewer calls with secure media', async () => {
    const clear = await web.page('/media/security');
    assert.match(clear, /Secure signalling comes first.*fewer calls at the same time/);
    await set(gateway, { 'SipEp.TransportConfig[GatewayName=default].TlsEnable': 'Enable' });
    const secured = await web.page('/media/security');
    assert.doesNotMatch(secured, /Secure signalling comes first/);
    assert.match(secured, /fewer calls at the same time/);
    assert.match(await web.page('/sip/transport'), /not mixed/);
  });

  it('change codecs, and base ports, which stay within their range', async () => {
    await change('/media/codecs', { 'Mipt.DefaultCodecG729VoiceEnable': 'Disable' });
    assert.equal(value('Mipt.DefaultCodecG729VoiceEnable'), 'Disable');
    await change('/media/misc', { 'Mipt.IpTransportRtpBasePort': '6004', 'Mipt.IpTransportT38BasePort': '7004' });
    assert.deepEqual([value('Mipt.IpTransportRtpBasePort'), value('Mipt.IpTransportT38BasePort')], ['6004', '7004']);
    assert.equal((await change('/media/misc', { 'Mipt.IpTransportRtpBasePort': '99999' })).status, 422);
  });

  it('run a script from the disk, say what is wrong with one, and export the differences', async () => {
    const at = '/management/configuration-scripts';
    const run = async (text: string): Promise<string> => (await act(at, 'run', { file: new Blob([text]) })).text();
    assert.match(await run('Hoc.SystemName="from the page"'), /Script given\.cfg has been executed/);
    assert.equal(value('Hoc.SystemName'), 'from the page');
    assert.match(await run('nothing at all?'), /class="said bad".*line 1/);
    assert.match(await run('Hoc.Nothing=1'), /class="said bad"[^<]*Hoc\.Nothing does not exist/);
    assert.match(await (await act(at, 'run', {})).text(), /Choose a script first/);
    const file = await act(at, 'export', {});
    assert.match(file.headers.get('content-disposition') ?? '', /0090F8000001\.cfg/);
    assert.match(await file.text(), /Hoc\.SystemName ?= ?"from the page"/);
    assert.match(await web.page(at), /Conf\.ScriptsStatsLastExportResult<\/td><td>Success/);
    assert.equal((await act(at, 'run', { file: new Blob([Buffer.alloc(1_100_000)]) })).status, 413);
  });

  it('switch TR-069 off and on, for now and for the next start', async () => {
    const at = '/management/cwmp';
    assert.match(await web.page(at), /TR-069 is on\..*Switch TR-069 off/s);
    assert.match(await (await act(at, 'switch', { to: 'off' })).text(), /TR-069 is switched off.*TR-069 is off\./s);
    await gateway.device.services.settled();
    assert.equal(gateway.device.services.started('Cwmp'), false);
    await gateway.device.power.reboot({ reason: 'test' });
    assert.equal(gateway.device.services.started('Cwmp'), false);
    const again = await openAsAdmin(gateway.device);
    await web.close();
    web = again;
    await act(at, 'switch', { to: 'on' });
    await gateway.device.services.settled();
    assert.equal(gateway.device.services.started('Cwmp'), true);
    const acs = {
      'Cwmp.AcsUrlConfigSource': 'Static',
      'Cwmp.AcsStaticUrl': 'http://127.0.0.1:9/',
      'Cwmp.Password': 'geheim',
    };
    assert.doesNotMatch((await change(at, acs)).text, /geheim/);
    assert.deepEqual([value('Cwmp.AcsUrl'), value('Cwmp.Password')], ['http://127.0.0.1:9/', 'geheim']);
    assert.equal((await change(at, { 'Cwmp.AcsStaticUrl': 'ftp://127.0.0.1/' })).status, 422);
  });

  it('add a user whose rights hold at once, and lead the log by a row of criteria', async () => {
    const users = 'Device.X_0090F8_Aaa.Users.+.UserName';
    await change('/management/access-control', { [users]: 'reader' }, 'add:Aaa.Users');
    const row = 'Aaa.Users[UserName=reader]';
    await change('/management/access-control', { [`${row}.Password`]: 'lesen', [`${row}.AccessRights`]: 'Observer' });
    const reader = await openPages(gateway.device, 'reader', 'lesen');
    assert.doesNotMatch(await reader.page('/management/cwmp'), /<button>Switch|name="v:/);
    const fields = { token: tokenOf(await reader.page('/management/cwmp')), action: 'switch', to: 'off' };
    await reader.post('/management/cwmp', fields);
    assert.equal(gateway.device.services.started('Cwmp'), true);
    await reader.close();
    await change('/system/event-log', {}, 'add:Nlm.Events');
    const event = 'Nlm.Events[Index=1]';
    await change('/system/event-log', { [`${event}.Criteria`]: 'All', [`${event}.Action`]: 'LogLocally' });
    await change('/system/syslog', { 'Conf.MinSeverity': 'Info' });
    await act('/management/configuration-scripts', 'run', { file: new Blob(['Hoc.SystemName="x"']) });
    assert.match(await web.page('/system/event-log'), /Local Log Entries.*<td>Conf<\/td>.*<td>Information<\/td>/s);
    const log = await act('/system/event-log', 'download', {});
    assert.match(await log.text(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO Conf: /m);
  });

  it('of the call router add and move routes', async () => {
    const at = '/call-router/routes';
    await change(at, {}, 'add:CRout.Route');
    await change(at, { 'CRout.Route[Index=1].Destination': 'sip-default' });
    assert.equal(value('CRout.Route[Index=1].Destination'), 'sip-default');
    assert.ok((await headings('/call-router/status')).includes('Routes'));
  });
});
