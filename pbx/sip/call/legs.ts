// The two legs of a call as the proxy sees them: all that it needs to end one in the name of the other party (RFC 3261 12.2.1.1),
// where a party answers with media that the call may not have.
import { parseCSeq } from '../../../shared/sip/fields.ts';
import {
  createRequest,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  SipSyntaxError,
} from '../../../shared/sip/message.ts';
import { parseNameAddr } from '../../../shared/sip/uri.ts';

/** One party, for requests to it. */
export interface Leg {
  /** Its From or To value, with its tag. */
  address: string;
  /** Its Contact, the Request-URI of requests to it; undefined until it has named one. */
  contact: string | undefined;
  /** The proxies between us and the party, the next one first. */
  routes: readonly string[];
  /** CSeq number of the latest request that it sent. */
  sequence: number;
}

/** A Contact that cannot be read is the other party's to refuse. */
function contactOf(message: SipMessage): string | undefined {
  const [first] = message.headers.list('Contact');
  return first === undefined ? undefined : readOr(undefined, () => parseNameAddr(first).uri);
}

/** The outcome, or the fallback for a header that breaks the grammar. */
export function readOr<T>(fallback: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SipSyntaxError)) throw error;
    return fallback;
  }
}

/** @param invite as it came, without our Record-Route */
export function legOfCaller(invite: SipRequest): Leg {
  return {
    address: invite.headers.get('From') ?? '',
    contact: contactOf(invite),
    routes: invite.headers.list('Record-Route'),
    sequence: parseCSeq(invite).number,
  };
}

/** The callee before its first answer. */
export const unansweredLeg = (invite: SipRequest): Leg => ({
  address: invite.headers.get('To') ?? '',
  contact: undefined,
  routes: [],
  sequence: 0,
});

/** @param isOurs the Record-Route value is one of ours: those before it lie between us and the callee */
export function legOfCallee(response: SipResponse, isOurs: (route: string) => boolean): Leg {
  const routes = response.headers.list('Record-Route');
  const own = routes.findIndex(isOurs);
  return {
    address: response.headers.get('To') ?? '',
    contact: contactOf(response),
    routes: own < 0 ? [] : routes.slice(0, own).reverse(),
    sequence: 0,
  };
}

/** Notes a request of the party, or its 2xx: the number, and where its Contact has moved (RFC 3261 12.2). */
export function follow(leg: Leg, message: SipMessage): void {
  if (message.kind === 'request') leg.sequence = Math.max(leg.sequence, parseCSeq(message).number);
  leg.contact = contactOf(message) ?? leg.contact;
}

/** A request to one party in the name of the other. @param sequence of its CSeq */
export function requestTo(
  to: Leg,
  from: Leg,
  { method, callId, sequence }: { method: 'ACK' | 'BYE'; callId: string; sequence: number },
): SipRequest | undefined {
  if (to.contact === undefined) return undefined;
  return createRequest(method, to.contact, {
    headers: [
      ...to.routes.map(route => ['Route', route] as const),
      ['Max-Forwards', '70'],
      ['From', from.address],
      ['To', to.address],
      ['Call-ID', callId],
      ['CSeq', `${sequence} ${method}`],
    ],
  });
}
