// The headings of the status pages as the screens of the vendor's notes have them; what has none here is shown by its own name.

/** By `Table.Column`, by column, or by variable. */
const labels: Readonly<Record<string, string>> = {
  'SipEp.Gateway.NetworkInterface': 'Signaling Network',
  NetworkInterface: 'Network Interface',
  SecurePort: 'Secure Port',
  'SipEp.DefaultStaticRegistrarServerHost': 'Registrar Host',
  'SipEp.DefaultStaticProxyHomeDomainHost': 'Proxy Host',
  'SipEp.DefaultStaticProxyOutboundHost': 'Outbound Proxy Host',
  GatewayName: 'Gateway Name',
  'SipEp.GwSpecificRegistration.EnableConfig': 'Gateway Specific',
  'SipEp.GwSpecificProxy.EnableConfig': 'Gateway Specific',
  ServerHost: 'Registrar Host',
  HomeDomainHost: 'Proxy Host',
  OutboundHost: 'Outbound Proxy Host',
  LocalPort: 'Local Port',
  RemoteHost: 'Remote Host',
  RemoteHostIpAddr: 'Remote IP Address',
  RegistrationEnable: 'Add SIP Transport in Registration',
  ContactEnable: 'Add SIP Transport in Contact Header',
  'SipEp.TransportPersistentBasePort': 'Persistent TLS Base Port',
  UdpEnable: 'UDP',
  UdpQValue: 'UDP QValue',
  TcpEnable: 'TCP',
  TcpQValue: 'TCP QValue',
  TlsEnable: 'TLS',
  TlsQValue: 'TLS QValue',
  'Mipt.DefaultSecurityRtpMode': 'Mode',
  'Mipt.DefaultSecurityKeyManagement': 'Key Management Protocol',
  'Mipt.DefaultSecurityRtpEncryption': 'Encryption',
  'Mipt.AllowUnsecureT38WithSrtp': 'Allow Unsecure T.38 with Secure RTP',
  'Mipt.EpSpecificSecurity.RtpMode': 'Mode',
  'Mipt.EpSpecificSecurity.KeyManagement': 'Key Management Protocol',
  'Mipt.EpSpecificSecurity.RtpEncryption': 'Encryption',
  EpId: 'Endpoint',
  Username: 'User Name',
  UserName: 'User Name',
  FriendlyName: 'Friendly Name',
  MwiSubscribe: 'Messaging',
  CriteriaSelection: 'Apply To',
  UsernameCriteria: 'User Name Criteria',
  'SipEp.InteropTlsCertificateValidation': 'Certificate Validation',
  'SipEp.InteropTlsClientAuthenticationEnable': 'Client Authentication',
  'SipEp.TransportTlsVersion': 'TLS Version',
  'SipEp.TransportTlsCipherSuite': 'Cipher Suite',
  'SipEp.TransportTlsCertificateTrustLevel': 'Certificate Trust Level',
  'SipEp.DefaultStaticMessagingHost': 'Messaging Server Host',
  FileName: 'File Name',
  ValidFrom: 'Valid From',
  IssuedTo: 'Issued To',
  IssuedBy: 'Issued By',
  ValidTo: 'Valid To',
  'Cert.HostCertificateAssociation.Sip': 'SIP',
  'Cert.HostCertificateAssociation.Cwmp': 'CWMP',
  'Cert.HostCertificateAssociation.Eap': '802.1X',
  CertificateAuthority: 'CA',
};

/** @param variable `SipEp.TransportPersistentBasePort` */
export const variableLabel = (variable: string): string =>
  labels[variable] ?? spaced(variable.slice(variable.lastIndexOf('.') + 1));

export const columnLabel = (table: string, column: string): string =>
  labels[`${table}.${column}`] ?? labels[column] ?? spaced(column);

/** `DefaultSessionTimerEnable` as words; short forms stay whole: `UdpQValue` is `Udp Q Value`. */
const spaced = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1 $2');
