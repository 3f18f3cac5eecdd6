// The settings of one TLS handshake, from the variables and certificates of the unit.
import { plainPolicy, policyFor, type TlsService } from '../../../shared/tls/profiles.ts';
import type { TlsSettings } from '../../state/device.ts';
import { authorityFiles, hostOf, rootsOf } from '../cert.ts';
import { revocationFor } from '../certificates/revocation.ts';
import type { Unit } from '../service.ts';

/** @param role a server presents only a certificate that is meant for one */
export function tlsSettings(unit: Unit, service: TlsService, role: 'client' | 'server' = 'client'): TlsSettings {
  const isDgw = unit.model.services.length > 0;
  const read = (name: string): string | undefined => unit.config.running(name);
  const policy = isDgw ? policyFor(service, read) : plainPolicy;
  const { trust = 'LocallyTrusted' } = policy;
  const host = hostOf(unit, service, role);
  return {
    policy,
    roots: rootsOf(unit),
    now: unit.now(),
    keylog: unit.lab.keylog,
    dial: unit.lab.traffic?.dial,
    ...(trust !== 'LocallyTrusted' && { revocation: revocationFor(unit, trust, authorityFiles(unit)) }),
    ...(host && { host: { cert: host.cert, key: host.key } }),
  };
}
