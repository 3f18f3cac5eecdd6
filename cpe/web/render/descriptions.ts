// Descriptions of settings of the SIP pages for which the model has none, in our words.

const gatewaySpecific = 'Yes: this gateway has values of its own; No: it uses the default ones.';
const qValue = 'Preference of this transport among the contacts of a registration, from 0 to 1; empty sends none.';

/** By service, table and column: `SipEp.TransportConfig.UdpQValue`. */
export const descriptions: Readonly<Record<string, string>> = {
  'SipEp.Gateway.Name': 'Name of the gateway, by which other settings refer to it.',
  'SipEp.DefaultStaticMessagingHost': 'Server that tells of waiting messages.',
  'SipEp.GwSpecificRegistration.EnableConfig': gatewaySpecific,
  'SipEp.GwSpecificRegistration.ServerHost':
    'Registrar of this gateway: host name or address, and a port; 0 is the default of the protocol.',
  'SipEp.GwSpecificRegistration.RefreshTime': 'Seconds before its end that a registration of this gateway is renewed.',
  'SipEp.GwSpecificRegistration.ProposedExpirationValue': 'Seconds proposed to the registrar; 0 proposes nothing.',
  'SipEp.GwSpecificRegistration.ExpirationValue': 'Seconds a registration lasts when the registrar does not say.',
  'SipEp.GwSpecificRegistration.RetryTime': 'Seconds until a failed registration is tried again.',
  'SipEp.GwSpecificProxy.EnableConfig': gatewaySpecific,
  'SipEp.GwSpecificProxy.HomeDomainHost': 'Proxy of the home domain of this gateway: host and port.',
  'SipEp.GwSpecificProxy.OutboundHost':
    'Proxy that every request of this gateway goes through; 0.0.0.0:0 or nothing is none.',
  'SipEp.GwSpecificMwi.EnableConfig': gatewaySpecific,
  'SipEp.GwSpecificMwi.MessagingHost': 'Server that tells this gateway of waiting messages.',
  'SipEp.GwSpecificFailover.EnableConfig': gatewaySpecific,
  'SipEp.GwSpecificConference.EnableConfig': gatewaySpecific,
  'SipEp.DefaultProxyOutboundType':
    'Form of the Route header for the outbound proxy: a loose router, a strict router, or none.',
  'SipEp.UserAgent.Username': 'User name of the endpoint in its address of record and its contacts.',
  'SipEp.UserAgent.FriendlyName': 'Name that is displayed beside the address of the endpoint.',
  'SipEp.UserAgent.ContactDomain': 'Host of the endpoint’s contacts; empty is the address of the unit.',
  'SipEp.UserAgent.MwiSubscribe': 'Subscribes the endpoint to news of waiting messages.',
  'SipEp.UserAgent.AcceptLanguage': 'Languages named in requests of the endpoint; empty sends none.',
  'SipEp.UnitRegistrations.Username': 'User name that the unit registers beside those of its endpoints.',
  'SipEp.UnitRegistrations.GatewayName': 'Gateway that it registers through; all is every one.',
  'SipEp.Authentication.CriteriaSelection':
    'Requests that these credentials are for: all of the unit, those of an endpoint, of a gateway, or of a user name.',
  'SipEp.Authentication.EpId': 'The endpoint, where the credentials apply to one.',
  'SipEp.Authentication.GatewayName': 'The gateway, where the credentials apply to one.',
  'SipEp.Authentication.UsernameCriteria': 'The user name, where the credentials apply to one.',
  'SipEp.Authentication.ValidateRealm': 'Enable: the credentials answer challenges of their realm alone.',
  'SipEp.Authentication.Realm': 'Realm of the challenges that they answer.',
  'SipEp.Authentication.Username': 'User name of the answer to a challenge.',
  'SipEp.Authentication.Password':
    'Password of the answer to a challenge. An empty field keeps the one that is stored.',
  'SipEp.TransportConfig.UdpEnable': 'Uses UDP.',
  'SipEp.TransportConfig.TcpEnable': 'Uses TCP.',
  'SipEp.TransportConfig.UdpQValue': qValue,
  'SipEp.TransportConfig.TcpQValue': qValue,
  'SipEp.TransportConfig.TlsQValue': qValue,
  'SipEp.InteropTransmissionTimeout': 'Seconds without an answer after which a request has failed.',
  'SipEp.InteropMaxForwardsValue': 'Value of Max-Forwards in requests.',
  'SipEp.InteropSendUaHeaderEnable': 'Names the unit in the User-Agent header.',
  'SipEp.InteropUaHeaderFormat': 'Text of the User-Agent header.',
  'SipEp.InteropSipOptionsMethodSupport': 'Answer to OPTIONS: none, or always 200 OK.',
  'SipEp.DefaultSessionTimerEnable': 'Agrees on session timers (RFC 4028) with the peer.',
  'SipEp.DefaultSessionTimerMinimumExpirationDelay': 'Least seconds between two refreshes of a session: Min-SE.',
  'SipEp.DefaultSessionTimerMaximumExpirationDelay': 'Seconds between two refreshes of a session: Session-Expires.',
  'SipEp.SessionRefreshRequestMethod': 'Method of a refresh: another INVITE, or UPDATE.',
  'SipEp.UasPrackSupport': 'Reliable provisional responses to calls that come in.',
  'SipEp.UacPrackSupport':
    'Reliable provisional responses to calls that go out: not supported, supported, or required.',
};
