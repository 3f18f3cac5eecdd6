// Certificates that the ACS issues for itself with its own CA, RSA and EC side by side.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Authority } from '../../shared/pki/authority.ts';
import type { CertificatePair } from './certificate-files.ts';

/** Issues certificates for all names and addresses of this host. */
export async function ownPairs(authority: Authority, hosts: readonly string[]): Promise<CertificatePair[]> {
  const { dns, ips } = namesOf(hosts);
  const commonName = dns[0] ?? ips[0] ?? 'localhost';
  return await Promise.all(
    (['rsa', 'ec'] as const).map(async key => {
      const issued = await authority.issue({ commonName, dns, ips, usage: ['server'], key });
      return { cert: issued.chain, key: issued.key };
    }),
  );
}

function namesOf(hosts: readonly string[]): { dns: string[]; ips: string[] } {
  const isAny = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === '[::]';
  const names = [...hosts, 'localhost', '127.0.0.1', '::1'];
  if (hosts.some(isAny)) {
    for (const addresses of Object.values(networkInterfaces()))
      names.push(...(addresses ?? []).map(entry => entry.address));
  }
  const bare = [...new Set(names.filter(host => !isAny(host)).map(host => host.replace(/^\[|\]$|%[\s\S]*$/g, '')))];
  return { dns: bare.filter(host => !isIP(host)), ips: bare.filter(host => isIP(host)) };
}
