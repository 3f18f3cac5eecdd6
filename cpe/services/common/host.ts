// The unit as a host: name, domain and default router, each from DHCP or as configured (`Hoc.*ConfigSource`).
import type { Unit } from '../service.ts';

/** A value by its source; a unit without the setting takes what DHCP gives. IPv6 is not asked for such values. */
function bySource(unit: Unit, source: string, learned: string | undefined, fixed: string): string {
  switch (unit.config.variable(source)) {
    case 'Static':
      return unit.config.variable(fixed) ?? '';
    case 'Automatic':
    case undefined:
      return learned ?? '';
    default:
      return '';
  }
}

/** The server of a lease that names no router is taken for one. */
export function defaultRouterOf(unit: Unit): string {
  const { lease } = unit.dhcp;
  return bySource(unit, 'Hoc.DefaultRouterConfigSource', lease?.router ?? lease?.server, 'Hoc.StaticDefaultRouter');
}

/** The lease is one of IPv4: an automatic IPv6 router is not known. */
export const defaultIpv6RouterOf = (unit: Unit): string =>
  bySource(unit, 'Hoc.DefaultIpv6RouterConfigSource', undefined, 'Hoc.StaticDefaultIpv6Router');

export const domainNameOf = (unit: Unit): string =>
  bySource(unit, 'Hoc.DomainNameConfigSource', unit.dhcp.lease?.domainName, 'Hoc.StaticDomainName');
