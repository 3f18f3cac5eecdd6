// What a TLS server offers, learned as a client learns it: handshakes that offer less each time, and send nothing after them.
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type SecureVersion } from 'node:tls';
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import { presentedChain } from '../../../shared/tls/connect.ts';
import { keyOf, type ServerFacts } from '../../../shared/tls/offer.ts';
import {
  ianaName,
  isOlder,
  protocolOf,
  suites,
  type TlsVersion,
  tlsVersions,
  usable,
} from '../../../shared/tls/profiles.ts';

const TIMEOUT_MS = 3_000;
/** No server is asked more often than this for one version. */
const MAX_HANDSHAKES = 30;

interface Met {
  /** OpenSSL name. */
  cipher: string;
  chain: readonly X509Certificate[];
}

/** TLS 1.3 leaves the choice of certificate to the signatures that the client takes. */
const signatures: Readonly<Record<string, string>> = {
  RSA: 'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512',
  EC: 'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512',
};

const suitesOf = (version: TlsVersion): string[] =>
  usable(
    Object.keys(suites).filter(name => {
      const { from, to } = suites[name]!;
      return !isOlder(version, from) && !isOlder(to, version);
    }),
  );

/** Of all versions but SSL 3.0, which no library here speaks. @throws Error that says why nothing was learned */
export async function probeTls(host: string, port: number, clock: Clock): Promise<ServerFacts> {
  const asked = { host, port, clock };
  const spoken = await Promise.all(
    tlsVersions
      .filter(version => version !== 'SSLv3')
      .map(async version => ({ version, ...(await walk(asked, version)) })),
  );
  const answered = spoken.filter(({ met }) => met.length > 0);
  if (answered.length === 0) throw new Error(spoken.at(-2)?.failed ?? 'it speaks no TLS that is known here');
  const newest = [...answered].reverse();
  const chains = new Map<string, readonly X509Certificate[]>();
  const signed = answered.some(({ version }) => version === 'TLSv1_3')
    ? await Promise.all(
        Object.values(signatures).map(sigalgs => handshake(asked, 'TLSv1_3', suitesOf('TLSv1_3'), sigalgs)),
      )
    : [];
  for (const met of [...newest.flatMap(entry => entry.met), ...signed]) {
    const [leaf] = 'chain' in met ? met.chain : [];
    const key = leaf && keyOf(leaf);
    if (key && 'chain' in met && !chains.has(key)) chains.set(key, met.chain);
  }
  return {
    versions: answered.map(({ version }) => version),
    suites: [...new Set(newest.flatMap(({ met }) => met.map(({ cipher }) => ianaName(cipher))))],
    chains: [...chains.values()],
  };
}

interface Asked {
  host: string;
  port: number;
  clock: Clock;
}

/** Every suite of a version that the server takes, each found by leaving out those before it; its own order, where it has one. */
async function walk(asked: Asked, version: TlsVersion): Promise<{ met: Met[]; failed?: string }> {
  const met: Met[] = [];
  let left = suitesOf(version);
  for (let n = 0; n < MAX_HANDSHAKES && left.length > 0; n++) {
    const outcome = await handshake(asked, version, left);
    if ('failed' in outcome) return { met, failed: outcome.failed };
    met.push(outcome);
    left = left.filter(name => name !== outcome.cipher);
  }
  return { met };
}

async function handshake(
  { host, port, clock }: Asked,
  version: TlsVersion,
  ciphers: readonly string[],
  sigalgs?: string,
): Promise<Met | { failed: string }> {
  const protocol = protocolOf(version) as SecureVersion;
  const options: ConnectionOptions = {
    host,
    port,
    ...(isIP(host) ? {} : { servername: host }),
    minVersion: protocol,
    maxVersion: protocol,
    // OpenSSL wants some suite below TLS 1.3 in the list, whatever the versions.
    ciphers: [...ciphers, ...(version === 'TLSv1_3' ? ['AES128-SHA'] : []), '@SECLEVEL=0'].join(':'),
    ...(sigalgs && { sigalgs }),
    ca: [],
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  };
  const socket = connect(options);
  return await new Promise(resolve => {
    const end = (outcome: Met | { failed: string }): void => {
      timer.cancel();
      socket.on('error', () => undefined).destroy();
      resolve(outcome);
    };
    const timer = clock.after(TIMEOUT_MS, () => end({ failed: `no answer within ${TIMEOUT_MS} ms` }));
    socket
      .once('error', error => end({ failed: messageOf(error) }))
      .once('close', () => end({ failed: 'it closed the connection' }))
      .once('secureConnect', () => end({ cipher: socket.getCipher().name, chain: presentedChain(socket) }));
  });
}
