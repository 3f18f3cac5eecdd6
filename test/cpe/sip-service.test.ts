// The SIP endpoint service of a gateway: what its variables and certificates make of it, and what its tables show.
import assert from 'node:assert/strict';
import { connect } from 'node:tls';
import type { Gateway, GatewayOptions } from '../../cpe/gateway.ts';
import type { Authority } from '../../shared/pki/authority.ts';
import { CERTIFICATE, Gateways, set } from '../support/cpe/gateways.ts';
import { voiceAuthority } from '../support/cpe/voice.ts';

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
