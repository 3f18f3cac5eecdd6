// Finding SIP servers and leaving them: DNS and failover, from the variables of Hoc and SipEp.
import type { UserAgentConfig } from '../../voice/settings.ts';
import { dnsServersOf } from '../hoc.ts';
import type { Unit } from '../service.ts';

export function dnsSettings(unit: Unit): NonNullable<UserAgentConfig['dns']> {
  const read = (name: string): string => unit.config.running(`SipEp.${name}`) ?? '';
  const queries = (['Address', 'Srv'] as const).find(kind => kind === read('SupportedDnsQueries')) ?? 'Naptr';
  return {
    servers: dnsServersOf(unit),
    withIpv6: read('DnsIpVersion') !== 'IpV4Only',
    concealsFailures: read('DnsFailureConcealment') === 'OnNoResolution',
    queries,
    forcesNaptr: read('InteropForceDnsNaptrInTls') === 'Enable',
  };
}

/** The penalty box is for trunk gateways over UDP and TCP: TLS has the failback interval (vendor text). */
export function failoverSettings(
  unit: Unit,
  gateway: string,
  transport: UserAgentConfig['transport'],
): Pick<UserAgentConfig, 'penaltySeconds' | 'failoverConditions'> {
  const read = (name: string): string => unit.config.running(`SipEp.${name}`) ?? '';
  const own = (column: string): string => read(`GwSpecificFailover[GatewayName="${gateway}"].${column}`);
  const conditions =
    own('EnableConfig') === 'Enable' ? own('SipFailoverConditions') : read('DefaultSipFailoverConditions');
  const isTrunk = read(`Gateway[Name="${gateway}"].Type`) !== 'EndpointGateway';
  const boxed = isTrunk && transport !== 'tls' && read('PenaltyBoxEnable') === 'Enable';
  return {
    ...(boxed && { penaltySeconds: Number(read('PenaltyBoxTime')) }),
    failoverConditions: conditions.split(/[\s,]+/).filter(name => name !== ''),
  };
}
