// The senders of requests that are not registrations. A number without PIN is known by the flow that it registered over. A sender
// that is not registered over its flow is judged as if it registered now, so that no call goes around the security policy.
import type { Log } from '../../shared/log.ts';
import { addressText } from '../../shared/sip/flow-types.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import type { Admission } from '../policy/admission.ts';
import type { Subscribers } from '../policy/subscribers.ts';
import type { Authenticator } from './auth.ts';
import { boundOver, isBound, type Location } from './location.ts';
import { logonOf, warning } from './logon.ts';
import { userOf } from './routing.ts';

interface SenderOptions {
  authenticator: Authenticator;
  admission: Admission;
  location: Location;
  subscribers: Subscribers;
  log: Log;
  /** Our name in warnings. */
  domain: string;
}

/** The authenticator for the proxy. */
export function senderAuthenticator(options: SenderOptions): Authenticator {
  const { authenticator } = options;
  return {
    check: (transaction, role) => checkSender(options, transaction, role),
    consume: request => authenticator.consume(request),
  };
}

async function checkSender(
  options: SenderOptions,
  transaction: ServerTransaction,
  role: 'user' | 'proxy',
): Promise<string | undefined> {
  const { authenticator, admission, location, subscribers } = options;
  const { request, flow } = transaction;
  const needsPin = (user: string): boolean => admission.judge(logonOf(user, transaction))?.pins.length !== 0;
  const named = userOf(request, 'From');
  if (!needsPin(named)) {
    if (isBound(location, named, flow)) return named;
    refuse(options, transaction, named, {
      row: 'not registered',
      reason: 'a number without PIN calls where it registered',
    });
    return undefined;
  }
  // A caller that withholds its name: the one number of its flow, where that has no PIN.
  const [only, ...others] = subscribers.has(named) ? [] : boundOver(location, flow);
  if (only !== undefined && others.length === 0 && !needsPin(only)) return only;
  const user = await authenticator.check(transaction, role);
  if (user === undefined || isBound(location, user, flow)) return user;
  const judgement = admission.judge(logonOf(user, transaction));
  if (judgement?.allowed !== false) return user;
  refuse(options, transaction, user, { row: judgement.row, reason: judgement.reason ?? '' });
  return undefined;
}

function refuse(
  { admission, log, domain }: SenderOptions,
  transaction: ServerTransaction,
  user: string,
  rule: { row: string; reason: string },
): void {
  const { remote } = transaction.flow;
  const { method } = transaction.request;
  log.info('SIP sender refused', { address: remote.host, user, method, status: 403, ...rule });
  admission.refused(logonOf(user, transaction), { what: 'call', remote: addressText(remote), ...rule });
  transaction.respond(403, undefined, { headers: [warning(domain, rule)] });
}
