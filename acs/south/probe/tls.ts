// Probe of a TLS server: learns its versions, suites and certificates by handshakes that offer less each time and send nothing else.
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type SecureVersion } from 'node:tls';
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import { presentedChain } from '../../../shared/tls/connect.ts';
import { type ServerFacts, suiteKeyOf } from '../../../shared/tls/offer.ts';
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
/** Bounds the handshakes with one server for one version. */
const MAX_HANDSHAKES = 30;

interface ProbeRequest {
  host: string;
  port: number;
  clock: Clock;
}

interface Handshake {
  /** OpenSSL name. */
  cipher: string;
  chain: readonly X509Certificate[];
}

interface Failed {
  /** The reason. */
  failed: string;
}

/** With TLS 1.3 the server chooses its certificate by the signatures that the client accepts. */
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

/** Probes all versions but SSL 3.0, which OpenSSL no longer supports. @throws Error with the reason when no handshake succeeds */
export async function probeTls(host: string, port: number, clock: Clock): Promise<ServerFacts> {
  const request = { host, port, clock };
  const probed = await Promise.all(
    tlsVersions
      .filter(version => version !== 'SSLv3')
      .map(async version => ({ version, ...(await walkSuites(request, version)) })),
  );
  const supported = probed.filter(({ handshakes }) => handshakes.length > 0);
  if (supported.length === 0) throw new Error(probed.at(-2)?.failed ?? 'it speaks no TLS that is known here');
  const versions = supported.map(({ version }) => version);
  const newestFirst = supported.toReversed().flatMap(({ handshakes }) => handshakes);
  const bySignature = versions.includes('TLSv1_3')
    ? await Promise.all(
        Object.values(signatures).map(sigalgs => handshake(request, 'TLSv1_3', suitesOf('TLSv1_3'), sigalgs)),
      )
    : [];
  return {
    versions,
    suites: [...new Set(newestFirst.map(({ cipher }) => ianaName(cipher)))],
    chains: chainsByKey([...newestFirst, ...bySignature]),
  };
}

/** The first chain of each kind of key. */
function chainsByKey(outcomes: readonly (Handshake | Failed)[]): (readonly X509Certificate[])[] {
  const chains = new Map<string, readonly X509Certificate[]>();
  for (const outcome of outcomes) {
    if ('failed' in outcome) continue;
    const [leaf] = outcome.chain;
    const key = leaf && suiteKeyOf(leaf);
    if (key && !chains.has(key)) chains.set(key, outcome.chain);
  }
  return [...chains.values()];
}

/** Finds every suite of a version that the server accepts, in its order of preference, by leaving out those found before. */
async function walkSuites(
  request: ProbeRequest,
  version: TlsVersion,
): Promise<{ handshakes: Handshake[]; failed?: string }> {
  const handshakes: Handshake[] = [];
  let left = suitesOf(version);
  for (let n = 0; n < MAX_HANDSHAKES && left.length > 0; n++) {
    const outcome = await handshake(request, version, left);
    if ('failed' in outcome) return { handshakes, failed: outcome.failed };
    handshakes.push(outcome);
    left = left.filter(name => name !== outcome.cipher);
  }
  return { handshakes };
}

async function handshake(
  { host, port, clock }: ProbeRequest,
  version: TlsVersion,
  ciphers: readonly string[],
  sigalgs?: string,
): Promise<Handshake | Failed> {
  const protocol = protocolOf(version) as SecureVersion;
  const options: ConnectionOptions = {
    host,
    port,
    ...(isIP(host) ? {} : { servername: host }),
    minVersion: protocol,
    maxVersion: protocol,
    // OpenSSL requires a suite below TLS 1.3 in the list, whatever the versions.
    ciphers: [...ciphers, ...(version === 'TLSv1_3' ? ['AES128-SHA'] : []), '@SECLEVEL=0'].join(':'),
    ...(sigalgs && { sigalgs }),
    ca: [],
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  };
  const socket = connect(options);
  return await new Promise(resolve => {
    const end = (outcome: Handshake | Failed): void => {
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
