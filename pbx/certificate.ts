// The server's certificate: the given one, else one of an own CA. Both are kept in the data directory, with their keys, so that gateways go on
// trusting the server and a capture can be read with its key.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock, Random } from '../shared/clock.ts';
import { messageOf } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { type Authority, createCa, loadAuthority } from '../shared/pki/authority.ts';

interface Surroundings {
  clock: Clock;
  random: Random;
  log: Log;
}

interface Pair {
  /** With its chain. */
  cert: string;
  key: string;
}

/** A kept certificate is replaced this long before its end. */
const RENEW_MS = 30 * 86_400_000;

/** @param names the domain first, then all names and addresses that the certificate must have */
export async function ownCertificate(data: string, names: readonly string[], env: Surroundings): Promise<Pair> {
  const authority = await ownAuthority(data, env);
  const files = { cert: join(data, 'server.pem'), key: join(data, 'server.key') };
  const all = [...new Set(names)];
  const kept = await readPair(files);
  if (kept && isUsable(kept, authority, all, env)) return kept;
  const [domain = ''] = names;
  // RSA: the older suites of gateways know no other key. RFC 5922 7.1: sip URI and DNS name both name the domain.
  const issued = await authority.issue({
    commonName: domain,
    dns: all.filter(name => isIP(name) === 0),
    ips: all.filter(name => isIP(name) !== 0),
    uris: [`sip:${domain}`],
    usage: ['server', 'client'],
    key: 'rsa',
  });
  await writeFile(files.key, issued.key, { mode: 0o600 });
  await writeFile(files.cert, issued.chain);
  return { cert: issued.chain, key: issued.key };
}

async function ownAuthority(data: string, env: Surroundings): Promise<Authority> {
  const files = { cert: join(data, 'ca.pem'), key: join(data, 'ca.key') };
  const kept = await readPair(files);
  if (kept) return loadAuthority(kept, env);
  const authority = await createCa({ name: 'Tandem PBX CA', key: 'rsa', ...env });
  await writeFile(files.key, authority.key, { mode: 0o600 });
  await writeFile(files.cert, authority.cert);
  return authority;
}

async function readPair(files: Pair): Promise<Pair | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(files.cert, 'utf8'), readFile(files.key, 'utf8')]);
    return { cert, key };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** True for a certificate of this CA that has its key, all names, and time left. */
function isUsable(pair: Pair, authority: Authority, names: readonly string[], { clock, log }: Surroundings): boolean {
  try {
    const certificate = new X509Certificate(pair.cert);
    const issuer = new X509Certificate(authority.cert);
    return (
      certificate.checkPrivateKey(createPrivateKey(pair.key)) &&
      certificate.verify(issuer.publicKey) &&
      Date.parse(certificate.validTo) - RENEW_MS > clock.now() &&
      names.every(name => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined)
    );
  } catch (error) {
    log.warn('kept certificate not usable', { reason: messageOf(error) });
    return false;
  }
}
