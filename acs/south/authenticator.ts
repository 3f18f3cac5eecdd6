// Authentication of CPEs: client certificate, digest, and basic over TLS. It comes before the session sees the message, so a 401 never
// advances a session.
import type { TLSSocket } from 'node:tls';
import type { Clock, Random } from '../../shared/clock.ts';
import { Verifier } from '../../shared/net/verifier.ts';
import type { ClientCertificate, Proof } from '../fleet/enrolment/candidate.ts';
import type { Enrolment } from '../fleet/enrolment/enrolment.ts';

export interface AuthenticatorOptions {
  enrolment: Enrolment;
  clock: Clock;
  random: Random;
  /** Secret of the nonces, the same in all processes. */
  key: Buffer;
  /** False: a CPE is served without credentials, too. */
  required: boolean;
  realm?: string;
}

/** The parts of a request that can prove its caller. */
export interface PresentedCredentials {
  authorization: string | undefined;
  method: string;
  /** The request came over TLS, here or at a trusted proxy. */
  secure: boolean;
  /** The connection, which may carry a client certificate. */
  socket: unknown;
}

export type AuthResult =
  | { ok: true; proof: Proof; username?: string; certificate?: ClientCertificate }
  | { ok: false; challenges: string[]; reason: string; username?: string };

export interface Authenticator {
  authenticate(presented: PresentedCredentials): Promise<AuthResult>;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock, random, key, required } = options;
  const common = { realm: options.realm ?? 'Tandem', clock, random, key, opaque: 'tandem' };
  // TR-069 3.4.4: basic only under TLS. It is accepted there but not offered, so that a CPE uses digest where it can.
  const inClear = new Verifier({ ...common });
  const underTls = new Verifier({ ...common, basic: true });
  return {
    authenticate: async ({ authorization, method, secure, socket }) => {
      const { name: id, ...shown } = certificateOf(socket) ?? { name: undefined };
      if (isDeviceName(id)) return { ok: true, proof: { kind: 'certificate', id }, username: id, ...shown };
      if (!required && authorization === undefined) return { ok: true, proof: { kind: 'open' }, ...shown };
      const verifier = secure ? underTls : inClear;
      let proofs: Proof[] = [];
      const passwords = async (username: string): Promise<string[] | undefined> => {
        const account = await options.enrolment.accountOf(username);
        proofs = account.map(entry => entry.proof);
        return account.length ? account.map(entry => entry.password) : undefined;
      };
      // All POSTs reach one resource, whatever their path: a proxy in front may have mapped it (RFC 7616 3.4.6).
      const result = await verifier.verify({ header: authorization, method, passwords });
      const proof = result.ok ? proofs[result.index] : undefined;
      if (result.ok && proof) return { ok: true, proof, username: result.username, ...shown };
      if (!required) return { ok: true, proof: { kind: 'open' }, ...shown };
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

/** The client certificate of a connection, where the configured CA signed it. */
function certificateOf(socket: unknown): { name: unknown; certificate: ClientCertificate } | undefined {
  const tls = socket as Partial<TLSSocket>;
  if (!tls.authorized || !tls.getPeerCertificate) return undefined;
  const { subject, issuer, fingerprint256 } = tls.getPeerCertificate();
  if (!fingerprint256) return undefined;
  const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase();
  return {
    name: subject?.CN,
    certificate: { fingerprint, subject: distinguishedName(subject), issuer: distinguishedName(issuer) },
  };
}

const distinguishedName = (name: object | undefined): string =>
  Object.entries(name ?? {})
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(', ');

/**
 * TR-069 3.3: the common name of a client certificate names its device, as `OUI-…-serial`. A certificate with another name is shared by
 * many devices and proves the identity of none.
 */
const isDeviceName = (name: unknown): name is string => typeof name === 'string' && /^[0-9A-F]{6}-./.test(name);
