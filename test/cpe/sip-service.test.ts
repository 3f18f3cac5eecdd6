// The SIP endpoint service of a gateway: what its variables and certificates make of it, and what its tables show.
import assert from 'node:assert/strict';
import { connect } from 'node:tls';
import type { Gateway, GatewayOptions } from '../../cpe/gateway.ts';
import { userAgentConfigs } from '../../cpe/services/sip/config.ts';
import { userAgentOf } from '../../cpe/services/sip/sipep.ts';
import type { UserAgentConfig } from '../../cpe/voice/settings.ts';
import type { Authority } from '../../shared/pki/authority.ts';
import { CERTIFICATE, faultOf, Gateways, set } from '../support/cpe/gateways.ts';
import { type Peer, startPeer, voiceAuthority } from '../support/cpe/voice.ts';
import { openPages } from '../support/cpe/web/client.ts';
import { eventually } from '../support/eventually.ts';

let units = 0;
const freshAddress = (): string => `127.11.${1 + (process.pid % 250)}.${++units}`;

describe('SIP endpoint service', () => {
  let on: Gateways;
  let authority: Authority;
  before(async () => {
    authority = await voiceAuthority();
  });
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());

  /** A gateway whose variables are set before its SIP service starts with them. */
  const configured = async (
    values: Record<string, string>,
    options: Partial<GatewayOptions> = {},
  ): Promise<Gateway> => {
    const gateway = await on.up({ address: freshAddress(), ...options });
    await set(gateway, values);
    await restart(gateway);
    return gateway;
  };
  const restart = async (gateway: Gateway): Promise<void> => {
    await set(gateway, { 'Scm.ServiceCommands[Name=SipEp].Restart': 'Restart' });
    await gateway.device.services.settled();
  };
  const read = (gateway: Gateway, name: string): string | undefined => gateway.device.config.variable(name);
  /** The names of the notifications about gateways from now on. */
  const noticesOf = (gateway: Gateway): string[] => {
    const names: string[] = [];
    const own = ['noTransport', 'registrationLimit'];
    Object.assign(gateway.device, { notify: (name: string) => void (own.includes(name) && names.push(name)) });
    return names;
  };
  const until = (gateway: Gateway, name: string, value: string): Promise<unknown> =>
    eventually(`${name} is ${value}`, () => read(gateway, name) === value);
  const tls = { 'SipEp.TransportConfig[GatewayName=default].TlsEnable': 'Enable' };

  /** The subject of the certificate that the unit's secure port shows; rejects where it has none. */
  const shown = (gateway: Gateway, port = 5061): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = {
        host: gateway.device.address,
        port,
        rejectUnauthorized: false,
        ciphers: 'AES256-SHA@SECLEVEL=0',
      };
      const socket = connect({ ...options, maxVersion: 'TLSv1.2' }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on('error', reject);
    });
  const installHost = async (gateway: Gateway, commonName: string): Promise<void> => {
    const issued = await authority.issue({ commonName, usage: ['server'], key: 'rsa' });
    await gateway.device.install(CERTIFICATE, Buffer.from(issued.cert + issued.key), 'unit.pem');
  };

  /** Registrar and account of endpoint Phone-Fax1. */
  const account = (host: string): Record<string, string> => ({
    'SipEp.DefaultStaticRegistrarServerHost': host,
    'SipEp.UserAgent[EpId=Phone-Fax1].Username': '100',
    'SipEp.UserAgent[EpId=Phone-Fax1].Register': 'Enable',
  });
  const addGateway = (gateway: Gateway, name: string): Promise<unknown> =>
    gateway.device.config.insert('Device.X_0090F8_SipEp.Gateway.', { Name: name }, 'acs');

  describe('gateways', () => {
    let peer: Peer;
    beforeEach(async () => {
      peer = await startPeer({ registrar: false });
    });
    afterEach(() => peer.close());
    const server = (): string => `127.0.0.1:${peer.server.port}`;

    it("writes REGISTER as the vendor's trace prints it", async () => {
      const gateway = await on.up({ address: freshAddress() });
      const credentials = { Password: 'secret', ValidateRealm: 'Disable' };
      await gateway.device.config.insert('Device.X_0090F8_SipEp.Authentication.', credentials, 'acs');
      await set(gateway, account(server()));
      await restart(gateway);
      const first = await peer.next('REGISTER');
      first.respond(401, undefined, { headers: [['WWW-Authenticate', 'Digest realm="x", nonce="n"']] });
      const { request } = await peer.next('REGISTER');
      const names = ['Via', 'Max-Forwards', 'From', 'To', 'Call-ID', 'CSeq', 'Authorization', 'Contact', 'User-Agent'];
      assert.deepEqual(
        [...request.headers].map(([name]) => name),
        [...names, 'Content-Length'],
      );
      assert.equal(request.uri, `sip:${server()}`);
      assert.equal(request.headers.get('To'), `<sip:100@${server()}>`);
      assert.equal(request.headers.get('User-Agent'), 'Mediatrix 4102S/v48.5.2718 4102-MX-D2000-28');
      assert.equal(read(gateway, 'SipEp.RegistrationStatus[Index=1].Registrar'), server());
    });

    it('takes product, profile and format of User-Agent from its options and variables', async () => {
      const identity = {
        manufacturer: 'Mitel',
        oui: '0090F8',
        productClass: 'TA7102i',
        serialNumber: 'S',
        mac: '0090f8000001',
      };
      const agentOf = async (
        values: Record<string, string>,
        options: Partial<GatewayOptions>,
      ): Promise<string | undefined> => {
        const gateway = await configured({ ...account(server()), ...values }, options);
        const { request } = await peer.next('REGISTER');
        await gateway.powerOff();
        return request.headers.get('User-Agent');
      };
      assert.equal(
        await agentOf({}, { identity, softwareVersion: '2.0.26.451' }),
        'Mitel TA7102i/v2.0.26.451 4102-AS-D2000-1',
      );
      assert.equal(
        await agentOf({ 'SipEp.InteropUaHeaderFormat': '%profile%, %product%' }, { profileName: 'MY-1' }),
        'MY-1, Mediatrix 4102S',
      );
    });

    it('sends one contact for each transport with its q-value, and none without one', async () => {
      const gateway = await configured({
        ...account(server()),
        'SipEp.TransportConfig[GatewayName=default].RegistrationEnable': 'Enable',
        'SipEp.TransportConfig[GatewayName=default].TcpEnable': 'Enable',
        'SipEp.TransportConfig[GatewayName=default].TcpQValue': '0.5',
      });
      const asked = await peer.next('REGISTER');
      const contacts = asked.request.headers.all('Contact');
      const { address } = gateway.device;
      assert.deepEqual(contacts, [
        `<sip:100@${address}:5060;transport=udp>`,
        `<sip:100@${address}:5060;transport=tcp>;q=0.5`,
      ]);
      asked.respond(200, undefined, { headers: contacts.map(value => ['Contact', `${value};expires=60`] as const) });
      await until(gateway, 'SipEp.RegistrationStatus[Index=1].State', 'Registered');
      const wrong = { 'SipEp.TransportConfig[GatewayName=default].UdpQValue': '1.5' };
      assert.equal((await faultOf(set(gateway, wrong))).code, 9003);
    });

    it('takes an endpoint gateway without TLS, at a port that changes, and refuses it with TLS', async () => {
      const type = { 'SipEp.Gateway[Name=default].Type': 'EndpointGateway' };
      const gateway = await configured({ ...account(server()), ...type });
      const { request } = await peer.next('REGISTER');
      const port = Number(/:(\d+)>$/.exec(request.headers.get('Contact') ?? '')?.[1]);
      assert.ok(port >= 49_152, String(port));
      await set(gateway, tls);
      await restart(gateway);
      assert.equal(read(gateway, 'SipEp.GatewayStatus[Name=default].State'), 'Invalid Configuration');
    });

    it('is down in a network that is disabled or unknown', async () => {
      const network = 'SipEp.Gateway[Name=default].NetworkInterface';
      const state = 'SipEp.GatewayStatus[Name=default].State';
      const gateway = await configured({ ...account(server()), [network]: 'Uplink' });
      assert.notEqual(read(gateway, state), 'Network down');
      await set(gateway, { 'Bni.NetworkInterfaces[Idx=1].Activation': 'Disable' });
      await restart(gateway);
      assert.equal(read(gateway, state), 'Network down');
      await set(gateway, { [network]: 'Moon' });
      await restart(gateway);
      assert.equal(read(gateway, state), 'Network down');
    });

    it('says so when disabling TLS leaves no transport', async () => {
      const gateway = await configured({ ...account(server()), ...tls });
      const notices = noticesOf(gateway);
      await set(gateway, { 'SipEp.TransportConfig[GatewayName=default].TlsEnable': 'Disable' });
      await restart(gateway);
      assert.equal(read(gateway, 'SipEp.GatewayStatus[Name=default].State'), 'Invalid Configuration');
      assert.deepEqual(notices, ['noTransport']);
    });

    it('has one transport in all rows, and switches of the first row for all gateways', async () => {
      const gateway = await configured({
        ...account(server()),
        'SipEp.TransportConfig[GatewayName=default].ContactEnable': 'Enable',
        'SipEp.TransportConfig[GatewayName=default].RegistrationEnable': 'Enable',
        ...tls,
      });
      await addGateway(gateway, 'second');
      assert.equal(read(gateway, 'SipEp.TransportConfig[GatewayName=second].TlsEnable'), 'Enable');
      assert.equal(read(gateway, 'SipEp.TransportConfig[GatewayName=second].UdpEnable'), 'Disable');
      const [, second] = userAgentConfigs(gateway.device);
      assert.deepEqual(
        [second?.gateway, second?.transport, second?.contactTransport, second?.registrationTransport],
        ['second', 'tls', true, true],
      );
    });

    it('takes the servers of the gateway where it has its own, and calls the Proxy Host', async () => {
      const gateway = await configured({
        ...account(server()),
        'SipEp.GwSpecificProxy[GatewayName=default].EnableConfig': 'Enable',
        'SipEp.GwSpecificProxy[GatewayName=default].HomeDomainHost': '192.0.2.7:5070',
        'SipEp.GwSpecificProxy[GatewayName=default].OutboundHost': '0.0.0.0:0',
        'SipEp.DefaultStaticProxyOutboundHost': '192.0.2.9:0',
      });
      const [config] = userAgentConfigs(gateway.device);
      assert.deepEqual(
        [config?.proxy, config?.home, config?.domain],
        [undefined, { host: '192.0.2.7', port: 5070 }, '192.0.2.7:5070'],
      );
    });

    it('registers at the registrar of the gateway where it has its own, and shows it', async () => {
      const own = 'SipEp.GwSpecificRegistration[GatewayName=default]';
      const gateway = await configured({
        ...account('192.0.2.8:0'),
        [`${own}.EnableConfig`]: 'Enable',
        [`${own}.ServerHost`]: server(),
      });
      const { request } = await peer.next('REGISTER');
      assert.equal(request.uri, `sip:${server()}`);
      assert.equal(read(gateway, 'SipEp.RegistrationStatus[Index=1].Registrar'), server());
    });

    it('takes DNS, failover and the penalty box from its variables', async () => {
      const own = 'SipEp.GwSpecificFailover[GatewayName=default]';
      const gateway = await configured({
        ...account(server()),
        'Hoc.DnsServersConfigSource': 'Static',
        'Hoc.StaticDnsServers[Priority=2].IpAddress': '192.0.2.53',
        'SipEp.SupportedDnsQueries': 'Srv',
        'SipEp.DnsFailureConcealment': 'OnNoResolution',
        'SipEp.InteropTransmissionTimeout': '5',
        'SipEp.PenaltyBoxEnable': 'Enable',
        'SipEp.PenaltyBoxTime': '600',
        [`${own}.SipFailoverConditions`]: '500OnRegistration, 504OnInvite',
      });
      const config = (): UserAgentConfig | undefined => userAgentConfigs(gateway.device)[0];
      const dns = {
        servers: ['192.0.2.53'],
        withIpv6: true,
        concealsFailures: true,
        queries: 'Srv',
        forcesNaptr: false,
      };
      assert.deepEqual([config()?.dns, config()?.transmissionTimeout, config()?.penaltySeconds], [dns, 5, 600]);
      assert.equal(read(gateway, 'Hoc.DnsServersInfo[Priority=1].IpAddress'), '192.0.2.53');
      assert.deepEqual(config()?.failoverConditions, ['5xxOnRegistration']);
      await set(gateway, { ...tls, [`${own}.EnableConfig`]: 'Enable' });
      await restart(gateway);
      assert.deepEqual(config()?.failoverConditions, ['500OnRegistration', '504OnInvite']);
      assert.equal(config()?.penaltySeconds, undefined, 'TLS has the failback interval');
    });

    it('does not dial the servers of the factory unless it is on their network', async () => {
      const factory = { ...account('192.168.10.10:0') };
      const away = await configured(factory);
      assert.equal(userAgentConfigs(away.device)[0]?.registrar.host, '');
      assert.equal(read(away, 'SipEp.GatewayStatus[Name=default].State'), 'Invalid Configuration');
      const there = await configured({}, { lan: true, profile: { parameters: factory, certificates: [] } });
      assert.equal(userAgentConfigs(there.device)[0]?.registrar.host, '192.168.10.10');
    });

    it('leaves out registrations beyond 64, unit registrations first, and says so', async () => {
      const gateway = await on.up({ address: freshAddress() });
      await set(gateway, account(server()));
      for (let at = 0; at < 65; at++)
        await gateway.device.config.insert('Device.X_0090F8_SipEp.UnitRegistrations.', { Username: `u${at}` }, 'acs');
      const notices = noticesOf(gateway);
      await restart(gateway);
      const users = userAgentConfigs(gateway.device).flatMap(({ accounts }) => accounts.map(({ user }) => user));
      assert.equal(users.length, 64);
      assert.deepEqual([users[0], users.at(-1)], ['100', 'u62']);
      assert.equal(read(gateway, 'SipEp.RegistrationStatus[Index=65].State'), undefined);
      assert.deepEqual(notices, ['registrationLimit']);
    });

    it('disables an endpoint that is not registered, and the unit where no gateway is ready', async () => {
      const gateway = await configured(account(server()));
      const endpoint = 'EpAdm.Endpoint[EpId=Phone-Fax1].OpState';
      const asked = await peer.next('REGISTER');
      assert.equal(read(gateway, endpoint), 'Disable');
      asked.respond(200, undefined, { headers: [['Contact', `${asked.request.headers.get('Contact')};expires=60`]] });
      await until(gateway, endpoint, 'Enable');
      assert.equal(read(gateway, 'EpAdm.Endpoint[EpId=Phone-Fax2].OpState'), 'Enable');
      assert.equal(read(gateway, 'EpAdm.UnitOpState'), 'Enable');
      await set(gateway, { 'EpAdm.UnitDisabledWhenNoGatewayReadyEnable': 'Enable' });
      await set(gateway, { 'SipEp.Gateway[Name=default].NetworkInterface': 'Moon' });
      await restart(gateway);
      assert.equal(read(gateway, 'EpAdm.UnitOpState'), 'Disable');
    });
  });

  it('calls another unit at its Proxy Host, which alone has a Host certificate', async () => {
    const address = freshAddress();
    const issued = await authority.issue({ commonName: address, ips: [address], usage: ['server'], key: 'rsa' });
    const endpoint = (user: string, peer: string): Record<string, string> => ({
      ...tls,
      'SipEp.DefaultStaticRegistrarServerHost': '0.0.0.0:0',
      'SipEp.DefaultStaticProxyHomeDomainHost': `${peer}:5061`,
      'SipEp.UserAgent[EpId=Phone-Fax1].Username': user,
    });
    const called = await on.up({ address });
    await called.device.install(CERTIFICATE, Buffer.from(issued.cert + issued.key), 'unit.pem');
    const caller = await on.up({ address: freshAddress() });
    await caller.device.install(CERTIFICATE, Buffer.from(authority.cert), 'ca.crt');
    await set(called, endpoint('200', caller.device.address));
    await set(caller, endpoint('100', address));
    await restart(called);
    await restart(caller);
    await until(caller, 'SipEp.TlsPersistentConnectionStatus[Index=1].State', 'Up');
    assert.equal(read(caller, 'SipEp.TlsPersistentConnectionStatus[Index=1].RemoteHost'), `${address}:5061`);
    const call = await userAgentOf(caller.device)?.call('100', '200');
    assert.equal(userAgentOf(called.device)?.calls().length, 1);
    await call?.hangup();
    assert.equal(read(called, 'SipEp.TlsPersistentConnectionStatus[Index=1].State'), 'Down');
    await assert.rejects(userAgentOf(called.device)?.call('200', '100') ?? Promise.resolve(), { status: 503 });
  });

  it('shows gateways, servers and transports on the pages that the notes name', async () => {
    const gateway = await configured({
      'SipEp.Gateway[Name=default].SecurePort': '5071',
      'SipEp.GwSpecificProxy[GatewayName=default].HomeDomainHost': 'proxy.test:5061',
      'SipEp.TransportConfig[GatewayName=default].UdpQValue': '0.7',
    });
    const web = await openPages(gateway.device);
    try {
      const page = (path: string): Promise<string> => web.page(path);
      assert.match(await page('sip/gateways'), /Gateway Status.*<td>Lan1<\/td><td>0<\/td><td>5071<\/td><td>Ready</s);
      assert.match(await page('sip/servers'), /Gateway Specific Proxy Servers.*proxy\.test:5061/s);
      await installHost(gateway, 'unit');
      assert.match(await page('management/certificates'), /You must restart the appropriate service/);
      assert.match(await page('sip/transport'), /Protocol Configuration.*<td>0\.7<\/td>/s);
    } finally {
      await web.close();
    }
  });

  describe('certificates', () => {
    it('uses a new Host certificate after its restart, which it asks for', async () => {
      const gateway = await configured(tls);
      assert.equal(read(gateway, 'SipEp.NeedRestartInfo'), 'No');
      await installHost(gateway, 'first');
      assert.equal(read(gateway, 'SipEp.NeedRestartInfo'), 'Yes');
      await assert.rejects(shown(gateway), { code: 'ECONNREFUSED' });
      await restart(gateway);
      assert.equal(read(gateway, 'SipEp.NeedRestartInfo'), 'No');
      assert.equal(await shown(gateway), 'first');
      await installHost(gateway, 'second');
      assert.equal(read(gateway, 'SipEp.NeedRestartInfo'), 'Yes');
      assert.equal(await shown(gateway), 'first');
      await restart(gateway);
      assert.equal(await shown(gateway), 'second');
    });

    it('listens for each gateway at its own secure port', async () => {
      const gateway = await on.up({ address: freshAddress() });
      await gateway.device.config.insert('Device.X_0090F8_SipEp.Gateway.', { Name: 'OpenSIPS' }, 'acs');
      await installHost(gateway, 'both');
      await set(gateway, { ...tls, 'SipEp.Gateway[Name=OpenSIPS].SecurePort': '5071' });
      await restart(gateway);
      assert.deepEqual([await shown(gateway), await shown(gateway, 5071)], ['both', 'both']);
      assert.equal(read(gateway, 'SipEp.GatewayStatus[Name=OpenSIPS].SecurePort'), '5071');
    });

    it('opens no port for a certificate that is not for servers, or not for SIP', async () => {
      const gateway = await configured(tls);
      const issued = await authority.issue({ commonName: 'client', usage: ['client'], key: 'rsa' });
      await gateway.device.install(CERTIFICATE, Buffer.from(issued.cert + issued.key), 'client.pem');
      await restart(gateway);
      await assert.rejects(shown(gateway), { code: 'ECONNREFUSED' });
      await installHost(gateway, 'server');
      await set(gateway, { 'Cert.HostCertificateAssociation[FileName=unit.pem].Sip': 'Disable' });
      await restart(gateway);
      await assert.rejects(shown(gateway), { code: 'ECONNREFUSED' });
      await set(gateway, { 'Cert.HostCertificateAssociation[FileName=unit.pem].Sip': 'Enable' });
      assert.equal(read(gateway, 'SipEp.NeedRestartInfo'), 'Yes');
      await restart(gateway);
      assert.equal(await shown(gateway), 'server');
    });
  });
});
