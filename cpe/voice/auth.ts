// Digest on the client's side of SIP (RFC 3261 22, RFC 8760): one account's answers to 401 and 407.
import type { Random } from '../../shared/clock.ts';
import { answerChallenge, type Challenge, chooseDigest, parseChallenges } from '../../shared/net/digest.ts';
import { parseCSeq } from '../../shared/sip/fields.ts';
import { cloneMessage, type SipRequest, type SipResponse } from '../../shared/sip/message.ts';

export interface Account {
  user: string;
  /** User of the digest; the account's user by default. */
  authUser?: string;
  password?: string;
  /** Challenges of another realm are not answered (DGW `Authentication.ValidateRealm`). */
  realm?: string;
}

export interface Authenticator {
  /** Adds credentials for a challenge that was answered before, as the unit does in its refreshes. */
  prepare(request: SipRequest): void;
  /**
   * The request again, with credentials and the next CSeq (RFC 3261 22.2); undefined when there is nothing more to try: no
   * password, no challenge we can answer, or the same credentials were refused.
   */
  retry(request: SipRequest, response: SipResponse): SipRequest | undefined;
}

const headers = {
  401: { challenge: 'WWW-Authenticate', answer: 'Authorization' },
  407: { challenge: 'Proxy-Authenticate', answer: 'Proxy-Authorization' },
} as const;

/** Enough for a registrar and a proxy in a row, each once stale. */
const MOST_ROUNDS = 4;

interface Known {
  challenge: Challenge;
  uses: number;
}

export function createAuthenticator(account: Account, random: Random): Authenticator {
  const known = new Map<401 | 407, Known>();
  /** The challenges that were answered before a request made by `retry`. */
  const answered = new WeakMap<SipRequest, (401 | 407)[]>();

  const write = (status: 401 | 407, request: SipRequest): void => {
    const entry = known.get(status);
    if (!entry) return;
    entry.uses++;
    const answer = answerChallenge({
      challenge: entry.challenge,
      username: account.authUser ?? account.user,
      password: account.password ?? '',
      method: request.method,
      uri: request.uri,
      body: request.body,
      random,
      nc: entry.uses,
    });
    // The place that it has in the vendor's traces.
    request.headers.setBehind('CSeq', headers[status].answer, answer);
  };

  return {
    prepare(request) {
      for (const [status, entry] of known) {
        // Without qop a nonce proves nothing new the second time; servers may insist on a fresh one.
        if (entry.challenge.parameters.qop !== undefined) write(status, request);
      }
    },
    retry(request, response) {
      if (response.status !== 401 && response.status !== 407) return undefined;
      const names = headers[response.status];
      if (account.password === undefined) return undefined;
      const offered = parseChallenges(response.headers.all(names.challenge)).filter(
        one => account.realm === undefined || one.parameters.realm === account.realm,
      );
      // RFC 8760 2.4: the topmost that we can answer.
      const challenge = chooseDigest(offered);
      if (!challenge) return undefined;
      const answeredBefore = answered.get(request) ?? [];
      const stale = challenge.parameters.stale?.toLowerCase() === 'true';
      // RFC 3261 22.1: fresh credentials that were refused are not sent again, unless the nonce was only too old.
      if ((answeredBefore.includes(response.status) && !stale) || answeredBefore.length >= MOST_ROUNDS)
        return undefined;
      known.set(response.status, { challenge, uses: 0 });
      const again = cloneMessage(request);
      again.headers.remove('Via');
      again.headers.set('CSeq', `${parseCSeq(request).number + 1} ${request.method}`);
      write(response.status, again);
      answered.set(again, [...answeredBefore, response.status]);
      return again;
    },
  };
}
