// REGISTER (RFC 3261 10.3): checks the sender, the contacts and the times; the bindings live in location.ts.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { parseCSeq, seconds } from '../../shared/sip/fields.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { type SipRequest, SipSyntaxError } from '../../shared/sip/message.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import { isSips, type NameAddr, parseNameAddr, parseUri, unescapeUser } from '../../shared/sip/uri.ts';
import type { SecurityPolicy } from '../policy.ts';
import type { Authenticator } from './auth.ts';
import type { BindingChange, Location } from './location.ts';

/** Seconds: granted when none are named, least, most. */
export interface ExpiryLimits {
  default: number;
  min: number;
  max: number;
}

export const expiryLimits: ExpiryLimits = { default: 3600, min: 10, max: 7200 };

export interface RegistrarOptions {
  location: Location;
  authenticator: Authenticator;
  policy: SecurityPolicy;
  clock: Clock;
  log: Log;
  expiry: ExpiryLimits;
}

/** The answer to give instead of 200. */
interface Refusal {
  status: number;
  reason?: string;
  headers?: [string, string][];
}

/** @returns the handler of REGISTER requests for our domain */
export function createRegistrar(options: RegistrarOptions): (transaction: ServerTransaction) => Promise<void> {
  const { location, authenticator, policy, clock, log, expiry } = options;

  /** The refusal of the first contact that the policy rejects. */
  const forbidden = async (
    user: string,
    flow: Flow,
    changes: readonly BindingChange[],
  ): Promise<Refusal | undefined> => {
    for (const change of changes) {
      if (change.seconds === 0) continue;
      const decision = await policy.registration({ user, contact: change.uri, flow });
      if (!decision.allow) return decision;
    }
    return undefined;
  };

  const bind = async (user: string, transaction: ServerTransaction): Promise<Refusal | undefined> => {
    const { request, flow } = transaction;
    const { headers } = request;
    const contacts = headers.list('Contact');
    const userAgent = headers.get('User-Agent');
    const source = { flow, callId: headers.get('Call-ID') ?? '', sequence: parseCSeq(request).number, userAgent };
    if (contacts.includes('*')) {
      // RFC 3261 10.3 step 6
      const alone = contacts.length === 1 && seconds(headers.get('Expires')) === 0;
      return alone
        ? outcome(location.removeAll(user, source))
        : { status: 400, reason: 'Contact * stands alone, with Expires 0' };
    }
    const changes = readChanges(request, expiry);
    if (changes.length === 0) return undefined;
    if (changes.some(change => change.seconds > 0 && change.seconds < expiry.min)) {
      return { status: 423, headers: [['Min-Expires', String(expiry.min)]] };
    }
    // RFC 5630 5.2: a secure address is not bound to a way that is not.
    if (flow.protocol !== 'tls' && changes.some(change => change.seconds > 0 && isSips(change.uri)))
      return { status: 400, reason: 'A sips Contact is registered over TLS' };
    const refusal = (await forbidden(user, flow, changes)) ?? outcome(location.apply(user, source, changes));
    if (!refusal)
      log.info('SIP registration accepted', {
        user,
        contacts: changes.map(one => one.uri),
        flow: flow.id,
        ...flow.tls,
      });
    return refusal;
  };

  return async transaction => {
    const { request } = transaction;
    const user = await authenticator.check(transaction, 'user');
    if (user === undefined) return;
    const address = parseUri(parseNameAddr(request.headers.get('To') ?? '').uri);
    // RFC 3261 10.3 step 4: a user can register only itself.
    if (unescapeUser(address.user ?? '') !== user) {
      transaction.respond(403);
      return;
    }
    const refusal = await bind(user, transaction);
    if (refusal) {
      const { status, reason, headers = [] } = refusal;
      log.info('SIP registration refused', { address: transaction.flow.remote.host, user, status, reason });
      transaction.respond(status, reason, { headers });
      return;
    }
    const now = clock.now();
    transaction.respond(200, undefined, {
      headers: [
        ...location.find(user).map(({ uri, q, expires }): [string, string] => {
          const rank = q === 1 ? '' : `;q=${q}`;
          return ['Contact', `<${uri}>${rank};expires=${Math.ceil((expires - now) / 1000)}`];
        }),
        ['Date', new Date(now).toUTCString()],
      ],
    });
  };
}

function outcome(result: 'ok' | 'late' | 'full'): Refusal | undefined {
  if (result === 'late') return { status: 500, reason: 'CSeq is behind an earlier REGISTER' };
  if (result === 'full') return { status: 503, reason: 'Too Many Bindings' };
  return undefined;
}

function readChanges(request: SipRequest, expiry: ExpiryLimits): BindingChange[] {
  const general = seconds(request.headers.get('Expires')) ?? expiry.default;
  return request.headers.list('Contact').map(text => {
    const address = parseNameAddr(text);
    parseUri(address.uri);
    const wanted = seconds(address.parameters.get('expires')) ?? general;
    return { uri: address.uri, q: qOf(address), seconds: Math.min(wanted, expiry.max) };
  });
}

/** RFC 3261 25.1 qvalue; 1 when absent. */
function qOf(address: NameAddr): number {
  const text = address.parameters.get('q');
  if (text === undefined) return 1;
  if (!/^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text)) throw new SipSyntaxError(`q=${text.slice(0, 20)} is not 0 to 1`);
  return Number(text);
}
