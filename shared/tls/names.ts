// Comparison of a certificate's names with the server that was asked for: SAN, CN, wildcards, addresses.
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { alternativeNames, commonNames } from '../pki/certificates.ts';
import type { TlsPolicy } from './profiles.ts';

/** One spelling for each address: IPv6 compressed and in lower case. */
function canonicalIp(text: string): string {
  if (isIP(text) !== 6) return text;
  return new URL(`http://[${text.replace(/%[\s\S]*$/, '')}]`).hostname;
}

const canonicalName = (name: string): string => {
  const plain = name.replace(/\.$/, '').toLowerCase();
  // '*' and '_' are no part of a URL's host, so only what has other letters goes through IDNA.
  return /[^\0-\x7f]/.test(plain) ? domainToASCII(plain) : plain;
};

/** RFC 6125 6.4.3: `*` alone as the leftmost label, for exactly one label, above at least two more. */
function wildcardMatches(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.') || pattern.indexOf('*', 1) >= 0) return false;
  const suffix = pattern.slice(1);
  const label = host.slice(0, -suffix.length);
  return host.endsWith(suffix) && label !== '' && !label.includes('.') && suffix.split('.').length >= 3;
}

/** RFC 5922 7.1: the domain of a SIP URI without user part. */
const sipDomain = (uri: string): string | undefined => /^sips?:([^@;?]+?)(?::\d+)?(?:[;?].*)?$/i.exec(uri)?.[1];

/**
 * Compares one host, a DNS name or an address, with the names in the certificate.
 * `vendor` and `sip` take the SAN and the CN alike, as the unit does, even beside each other; `rfc6125` looks at the CN
 * only where there is no DNS name in the SAN, and at addresses in the SAN only. Wildcards count everywhere but in `sip`.
 */
export function namesHost(cert: X509Certificate, host: string, rule: NonNullable<TlsPolicy['names']>): boolean {
  const wanted = canonicalName(host.replace(/^\[(.*)\]$/, '$1'));
  if (wanted === '') return false;
  const entries = alternativeNames(cert);
  const of = (kind: string): string[] => entries.filter(entry => entry.kind === kind).map(entry => entry.value);
  if (isIP(wanted)) {
    const address = canonicalIp(wanted);
    if (of('ip').some(ip => canonicalIp(ip.toLowerCase()) === address)) return true;
    // Units without DNS are named by address in the CN, or by text among the DNS names.
    return (
      rule !== 'rfc6125' && [...commonNames(cert.subject), ...of('dns')].some(name => canonicalIp(name) === address)
    );
  }
  const names = of('dns');
  if (rule === 'sip') names.push(...of('uri').flatMap(uri => sipDomain(uri) ?? []));
  if (rule !== 'rfc6125' || !names.length) names.push(...commonNames(cert.subject));
  return names.map(canonicalName).some(name => name === wanted || (rule !== 'sip' && wildcardMatches(name, wanted)));
}
