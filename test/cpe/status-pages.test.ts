// The status pages of a gateway as the vendor's notes have them: what they say of waiting settings, new certificates and connections.
import assert from 'node:assert/strict';
import type { Gateway } from '../../cpe/gateway.ts';
import type { Authority } from '../../shared/pki/authority.ts';
import { CERTIFICATE, Gateways, set } from '../support/cpe/gateways.ts';
import { startPeer, voiceAuthority } from '../support/cpe/voice.ts';
import { openPages, type PagesClient } from '../support/cpe/web/client.ts';
import { eventually } from '../support/eventually.ts';

describe('status pages', () => {
  let on: Gateways;
  let authority: Authority;
  let gateway: Gateway;
  let web: PagesClient;
  before(async () => {
    authority = await voiceAuthority();
  });
  beforeEach(async () => {
    on = await Gateways.open();
    gateway = await on.up({ address: '127.0.0.1' });
    web = await openPages(gateway.device);
  });
  afterEach(async () => {
    await web.close();
    await on.close();
  });

  const page = (path: string): Promise<string> => web.page(path);
  const restart = async (): Promise<void> => {
    await set(gateway, { 'Scm.ServiceCommands[Name=SipEp].Restart': 'Restart' });
    await gateway.device.services.settled();
  };
  const enableTls = (): Promise<unknown> =>
    set(gateway, { 'SipEp.TransportConfig[GatewayName=default].TlsEnable': 'Enable' });

  it('lead to the services table while settings wait for a restart, and name the services', async () => {
    const link = /Some changes require to restart a service.*<a href="\/system\/services">services table<\/a>.*SipEp/;
    assert.doesNotMatch(await page('sip/transport'), /require to restart/);
    await enableTls();
    assert.match(await page('sip/transport'), link);
    assert.match(await page('management/certificates'), link);
    await restart();
    assert.doesNotMatch(await page('sip/transport'), /require to restart/);
  });

  it('speak of a restart after the transfer of a certificate, until SIP runs with it', async () => {
    const note = /Note: You must restart the appropriate service before using the newly transferred certificate\./;
    assert.doesNotMatch(await page('management/certificates'), note);
    await gateway.device.install(CERTIFICATE, Buffer.from(authority.cert), 'ca.crt');
    assert.match(await page('management/certificates'), note);
    assert.doesNotMatch(await page('sip/servers'), note);
    await restart();
    assert.doesNotMatch(await page('management/certificates'), note);
  });

  it('show the persistent connections only while TLS is in use', async () => {
    assert.doesNotMatch(await page('sip/servers'), /TLS Persistent Connections Status/);
    await set(gateway, { 'SipEp.DefaultStaticRegistrarServerHost': '127.0.0.1:9' });
    await enableTls();
    await restart();
    assert.match(await page('sip/servers'), /TLS Persistent Connections Status.*<td>127\.0\.0\.1:9<\/td>/s);
  });

  it('have the headings of the notes, beside the variables', async () => {
    const headOf = async (path: string, heading: string): Promise<string[]> => {
      const [, after = ''] = (await page(path)).split(`<h2>${heading}</h2>`);
      const [head = ''] = after.split('</tr>');
      return [...head.matchAll(/<th>([^<]*)<\/th>/g)].map(([, text = '']) => text);
    };
    const status = ['Name', 'Network Interface', 'Port', 'Secure Port', 'State'];
    assert.deepEqual(await headOf('sip/gateways', 'Gateway Status'), status);
    const configured = ['Name', 'Type', 'Signaling Network', 'Port', 'Secure Port'];
    assert.deepEqual(await headOf('sip/gateways', 'Gateway Configuration'), configured);
    const proxies = ['Gateway Name', 'Gateway Specific', 'Proxy Host', 'Outbound Proxy Host'];
    assert.deepEqual(await headOf('sip/servers', 'SIP Gateway Specific Proxy Servers'), proxies);
    const protocols = ['UDP', 'UDP QValue', 'TCP', 'TCP QValue', 'TLS', 'TLS QValue'];
    assert.deepEqual(await headOf('sip/transport', 'Protocol Configuration'), protocols);
    const security = await page('media/security');
    for (const [label, variable] of [
      ['Mode', 'Mipt.DefaultSecurityRtpMode'],
      ['Key Management Protocol', 'Mipt.DefaultSecurityKeyManagement'],
      ['Encryption', 'Mipt.DefaultSecurityRtpEncryption'],
      ['Allow Unsecure T.38 with Secure RTP', 'Mipt.AllowUnsecureT38WithSrtp'],
    ])
      assert.ok(security.includes(`<tr><td>${label}</td><td>${variable}</td>`), label);
  });

  it('show SIP gateways side by side, each with its servers and registrations', async () => {
    const peers = [await startPeer(), await startPeer()] as const;
    try {
      const [first, second] = peers.map(({ server }) => `127.0.0.1:${server.port}`);
      await gateway.device.config.insert('Device.X_0090F8_SipEp.Gateway.', { Name: 'OpenSIPS' }, 'acs');
      await set(gateway, {
        'SipEp.Gateway[Name=OpenSIPS].Port': '5062',
        'SipEp.DefaultStaticRegistrarServerHost': first ?? '',
        'SipEp.GwSpecificRegistration[GatewayName=OpenSIPS].EnableConfig': 'Enable',
        'SipEp.GwSpecificRegistration[GatewayName=OpenSIPS].ServerHost': second ?? '',
        'SipEp.UserAgent[EpId=Phone-Fax1].Username': '100',
        'SipEp.UserAgent[EpId=Phone-Fax1].Register': 'Enable',
      });
      await restart();
      const states = (): (string | undefined)[] =>
        [1, 2].map(at => gateway.device.config.variable(`SipEp.RegistrationStatus[Index=${at}].State`));
      await eventually('both registrations', () => states().every(state => state === 'Registered'));
      const servers = await page('sip/servers');
      for (const name of ['default', 'OpenSIPS'])
        assert.match(servers, new RegExp(`Registrations.*<td>100</td><td>${name}</td><td>Registered</td>`, 's'));
      assert.match(servers, new RegExp(`Registrar Servers.*<td>OpenSIPS</td><td>Yes</td><td>${second}</td>`, 's'));
      assert.match(await page('sip/gateways'), /<td>OpenSIPS<\/td><td>Lan1<\/td><td>5062<\/td>.*Ready/s);
    } finally {
      await Promise.all(peers.map(peer => peer.close()));
    }
  });
});
