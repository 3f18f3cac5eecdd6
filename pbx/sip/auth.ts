// Digest for registrar and proxy (RFC 3261 22): finds the sender of a request, and challenges one that shows none.
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { parseCredentials } from '../../shared/net/credentials.ts';
import { Verifier } from '../../shared/net/verifier.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../shared/sip/message.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';

export type SipDigestAlgorithm = 'MD5' | 'SHA-256';

export interface Authenticator {
  /**
   * The user whose password the request proves; undefined when it was challenged (401 for `user`, 407 for `proxy`).
   */
  check(transaction: ServerTransaction, role: 'user' | 'proxy'): Promise<string | undefined>;
  /** Removes the credentials that were meant for us. RFC 3261 22.3 */
  consume(request: SipRequest): void;
}

const headerOf = { user: 'Authorization', proxy: 'Proxy-Authorization' } as const;
const challengeOf = { user: 'WWW-Authenticate', proxy: 'Proxy-Authenticate' } as const;

/** True when the credentials are for that realm and can be read. */
function meantFor(header: string, realm: string): boolean {
  const credentials = parseCredentials(header);
  return credentials?.scheme === 'digest' && credentials.realm === realm;
}

/** The users that may authenticate. */
export interface DigestUsers {
  /** Passwords of a user for requests that come over that flow; undefined: there is no such user, or it proves none. */
  passwords: (user: string, flow: Flow) => readonly string[] | undefined;
  /** Credentials of that user are refused unjudged. */
  isBarred?: (user: string, flow: Flow) => boolean;
  onProved?: (user: string, flow: Flow) => void;
  /** Called for credentials that are `wrong`, not judged (`barred`), or of no use for another reason. */
  onFailure?: (transaction: ServerTransaction, user: string, reason: string) => void;
}

interface AuthenticatorOptions extends DigestUsers {
  realm: string;
  algorithms: readonly SipDigestAlgorithm[];
  clock: Clock;
  random: Random;
  log: Log;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { realm, algorithms, clock, random, log } = options;
  const verifier = new Verifier({ realm, clock, random, key: random.bytes(32), algorithms });
  const failed = (transaction: ServerTransaction, user: string | undefined, reason: string): void => {
    const { request, flow } = transaction;
    log.warn('SIP authentication failed', { user, method: request.method, reason, address: flow.remote.host });
    options.onFailure?.(transaction, user ?? '', reason);
  };
  return {
    check: async (transaction, role) => {
      const { request, flow } = transaction;
      const { method, headers, body } = request;
      const header = headers.all(headerOf[role]).find(value => meantFor(value, realm));
      const claimed = parseCredentials(header)?.username;
      if (claimed !== undefined && options.isBarred?.(claimed, flow)) {
        failed(transaction, claimed, 'barred');
        transaction.respond(403);
        return undefined;
      }
      const passwords = (user: string): readonly string[] | undefined => options.passwords(user, flow);
      // RFC 3261 22.4: the digest-uri need not equal the Request-URI, which any proxy may have changed.
      const result = await verifier.verify({ header, method, body, passwords });
      if (result.ok) {
        options.onProved?.(result.username, flow);
        return result.username;
      }
      if (result.reason !== 'missing' && result.reason !== 'stale') failed(transaction, result.username, result.reason);
      const challenges = verifier.challenge({ stale: result.stale });
      transaction.respond(role === 'user' ? 401 : 407, undefined, {
        headers: challenges.map(challenge => [challengeOf[role], challenge] as const),
      });
      return undefined;
    },
    consume: request => {
      const others = request.headers.all('Proxy-Authorization').filter(value => !meantFor(value, realm));
      request.headers.setAll('Proxy-Authorization', others);
    },
  };
}
