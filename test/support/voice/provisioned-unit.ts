// A whole gateway whose settings make it a telephone at a SIP server over TLS, as an ACS or a customer profile would set them.

import type { Gateway, GatewayOptions } from '../../../cpe/gateway.ts';
import { userAgentOf } from '../../../cpe/services/sip/sipep.ts';
import type { SipUserAgent } from '../../../cpe/voice/user-agent.ts';
import type { Gateways } from '../cpe/gateways.ts';
import { eventually } from '../eventually.ts';

interface Telephone {
  user: string;
  /** 127.x.y.z: each unit has all ports of its address to itself. */
  address: string;
  server: { host: string; port: number };
  /** PEM of the server's authority. */
  ca: string;
}

/** The settings of such a unit; all others are the factory's. */
export const telephoneSettings = ({ user, server }: Telephone): Record<string, string> => ({
  'SipEp.DefaultStaticRegistrarServerHost': `${server.host}:${server.port}`,
  'SipEp.DefaultStaticProxyOutboundHost': `${server.host}:${server.port}`,
  'SipEp.TransportConfig[GatewayName=default].UdpEnable': 'Disable',
  'SipEp.TransportConfig[GatewayName=default].TlsEnable': 'Enable',
  'SipEp.TransportConfig[GatewayName=default].RegistrationEnable': 'Enable',
  'SipEp.TransportConfig[GatewayName=default].ContactEnable': 'Enable',
  'SipEp.UserAgent[EpId=Phone-Fax1].Username': user,
  'SipEp.UserAgent[EpId=Phone-Fax1].Register': 'Enable',
  'SipEp.Authentication[Index=1].CriteriaSelection': 'Unit',
  'SipEp.Authentication[Index=1].ValidateRealm': 'Disable',
  'SipEp.Authentication[Index=1].Username': user,
  'SipEp.Authentication[Index=1].Password': `pw${user}`,
});

/** Boots it and waits for its registration. */
export async function bootTelephone(
  gateways: Gateways,
  telephone: Telephone,
  settings: Record<string, string>,
  extra: Partial<GatewayOptions> = {},
): Promise<{ gateway: Gateway; agent: SipUserAgent }> {
  const profile = { parameters: { ...telephoneSettings(telephone), ...settings }, certificates: [telephone.ca] };
  const gateway = await gateways.up({ profile, address: telephone.address, ...extra });
  const isRegistered = (): boolean => {
    const registrations = userAgentOf(gateway.device)?.registrations() ?? [];
    return registrations.length > 0 && registrations.every(({ state }) => state === 'Registered');
  };
  await eventually(`registration of ${telephone.user}`, isRegistered, 15_000);
  const agent = userAgentOf(gateway.device);
  if (!agent) throw new Error('the unit has no user agent');
  return { gateway, agent };
}
