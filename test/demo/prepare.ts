// The work of the operator before the first gateway comes: devices, files, presets.
import { type Account, type Api, domain } from './servers.ts';
import type { Unit } from './unit.ts';

/** Announces the units, writes the preset that all get, stores their files. */
export async function prepare(
  api: Api,
  given: {
    syslogPort: number;
    voiceCa: string;
    pbxPort: number;
    users: readonly Account[];
    units: Unit[];
  },
): Promise<void> {
  await api('PUT', '/files/voice-ca.pem?type=certificate', Buffer.from(given.voiceCa));
  for (const unit of given.units) {
    await api('POST', '/devices', { id: unit.id, tags: ['demo'], site: { name: 'site-1' } });
    const account = given.users.find(entry => entry.user === unit.user);
    const script = siteScript({ port: given.pbxPort, user: unit.user, password: account?.password ?? '' });
    await api('PUT', `/files/voice-${unit.name}.cfg?type=script`, Buffer.from(script));
  }
  await api('PUT', '/presets/base', {
    when: 'tag = "demo"',
    certificates: ['voice-ca.pem'],
    set: {
      'Device.X_0090F8_Nlm.SyslogRemoteHost': `127.0.0.1:${given.syslogPort}`,
      'Device.X_0090F8_SipEp.MinSeverity': 'Info',
      'Device.X_0090F8_Cwmp.PeriodicInformEnable': 'Enable',
      'Device.X_0090F8_Cwmp.PeriodicInformInterval': 3600,
    },
    objects: {
      'Device.X_0090F8_Nlm.Events.': {
        keys: ['Criteria'],
        rows: [{ Criteria: '1400.303,1400.310', Action: 'SendViaSyslog', Activation: 'Enable' }],
      },
    },
  });
}

/** A configuration script in the vendor's language: SIP over TLS only, SRTP with SDES, one account. */
function siteScript({ port, user, password }: { port: number; user: string; password: string }): string {
  return `# Voice of one site: SIP over TLS only, SRTP with SDES.
SipEp.DefaultStaticRegistrarServerHost = "127.0.0.1:${port}"
SipEp.DefaultStaticProxyHomeDomainHost = "${domain}:0"
SipEp.DefaultStaticProxyOutboundHost = "127.0.0.1:${port}"
SipEp.TransportConfig[GatewayName=default].UdpEnable = "Disable"
SipEp.TransportConfig[GatewayName=default].TlsEnable = "Enable"
SipEp.TransportConfig[GatewayName=default].RegistrationEnable = "Enable"
SipEp.TransportConfig[GatewayName=default].ContactEnable = "Enable"
SipEp.TransportTlsVersion = "TLSv1_2"
SipEp.TransportTlsCipherSuite = "CS3"
SipEp.UserAgent[EpId=Phone-Fax1].Username = "${user}"
SipEp.UserAgent[EpId=Phone-Fax1].Register = "Enable"
SipEp.InsertAuthentication
SipEp.Authentication[Index=1].CriteriaSelection = "Unit"
SipEp.Authentication[Index=1].ValidateRealm = "Disable"
SipEp.Authentication[Index=1].Username = "${user}"
SipEp.Authentication[Index=1].Password = "${password}"
Mipt.DefaultSecurityRtpMode = "Secure"
Mipt.DefaultSecurityKeyManagement = "Sdes"
Scm.RestartRequiredServices
`;
}
