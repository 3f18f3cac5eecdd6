// Who is calling: client certificate, digest, basic over TLS. Asked before the session sees the message, so a 401 never advances it.
import type { TLSSocket } from 'node:tls';
import type { Clock, Random } from '../../shared/clock.ts';
import { Verifier } from '../../shared/net/verifier.ts';
import type { Enrolment, Proof } from '../fleet/enrolment/enrolment.ts';
import type { ClientCertificate } from '../fleet/enrolment/rules.ts';

export interface AuthOptions {
  enrolment: Enrolment;
  clock: Clock;
  random: Random;
  /** Secret of the nonces, the same in all processes. */
  key: Buffer;
  required: boolean;
  realm?: string;
}

export interface Asked {
  authorization: string | undefined;
  method: string;
  uri: string;
  /** The request came over TLS, here or at a trusted proxy. */
  secure: boolean;
  socket: unknown;
}

export type AuthResult =
  | { ok: true; proof: Proof; username?: string; certificate?: ClientCertificate }
  | { ok: false; challenges: string[]; reason: string; username?: string };

export interface Authenticator {
  authenticate(asked: Asked): Promise<AuthResult>;
}

/** The client certificate, where the configured CA signed it. */
function certificateOf(socket: unknown): { name: unknown; certificate: ClientCertificate } | undefined {
  const tls = socket as Partial<TLSSocket>;
  if (!tls.authorized || !tls.getPeerCertificate) return undefined;
  const { subject, issuer, fingerprint256 } = tls.getPeerCertificate();
  if (!fingerprint256) return undefined;
  const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase();
  return {
    name: subject?.CN,
    certificate: { fingerprint, subject: distinguished(subject), issuer: distinguished(issuer) },
  };
}

const distinguished = (name: object | undefined): string =>
  Object.entries(name ?? {})
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(', ');

/**
 * TR-069 3.3: the common name of a client certificate that the configured CA signed names the device, as `OUI-…-serial`. One with another
 * name is shared by many and proves nothing of a single one.
 */
const isDeviceName = (name: unknown): name is string => typeof name === 'string' && /^[0-9A-F]{6}-./.test(name);

export function createAuthenticator(options: AuthOptions): Authenticator {
  const { clock, random, key } = options;
  const common = { realm: options.realm ?? 'Tandem', clock, random, key, opaque: 'tandem' };
  // TR-069 3.4.4: basic only under TLS. It is taken there but not offered, so that a CPE that can do better does.
  const inClear = new Verifier({ ...common });
  const underTls = new Verifier({ ...common, basic: true });
  return {
    authenticate: async asked => {
      const { name: id, ...shown } = certificateOf(asked.socket) ?? { name: undefined };
      if (isDeviceName(id)) return { ok: true, proof: { kind: 'certificate', id }, username: id, ...shown };
      if (!options.required && asked.authorization === undefined)
        return { ok: true, proof: { kind: 'open' }, ...shown };
      const verifier = asked.secure ? underTls : inClear;
      let proofs: Proof[] = [];
      const result = await verifier.verify({
        header: asked.authorization,
        method: asked.method,
        uri: asked.uri,
        passwords: async username => {
          const account = await options.enrolment.accountOf(username);
          proofs = account.map(entry => entry.proof);
          return account.length ? account.map(entry => entry.password) : undefined;
        },
      });
      const proof = result.ok ? proofs[result.index] : undefined;
      if (result.ok && proof) return { ok: true, proof, username: result.username, ...shown };
      if (!options.required) return { ok: true, proof: { kind: 'open' }, ...shown };
      const stale = !result.ok && result.stale;
      return {
        ok: false,
        reason: result.ok ? 'wrong' : result.reason,
        challenges: verifier.challenge({ stale }).filter(challenge => /^digest/i.test(challenge)),
        ...(result.username === undefined ? {} : { username: result.username }),
      };
    },
  };
}
