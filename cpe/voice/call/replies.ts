// Answers that several parts of the user agent give: the ACK of a 2xx, and the refusals of session descriptions.
import { buildAck, type Dialog } from '../../../shared/sip/dialog.ts';
import type { SipRequest } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { quote } from '../../../shared/sip/uri.ts';
import type { CallContext } from './context.ts';
import { extensionsOf } from './session-timer.ts';
import type { CallSettings } from './settings.ts';

/** RFC 3261 8.2.2.3: answers 420 when the request needs an unknown extension. */
export function refuseExtensions(transaction: ServerTransaction, calls: CallSettings): boolean {
  const extensions = extensionsOf(calls, 'uas');
  const unknown = transaction.request.headers.list('Require').filter(name => !extensions.includes(name.toLowerCase()));
  if (unknown.length === 0) return false;
  transaction.respond(420, undefined, { headers: [['Unsupported', unknown.join(', ')]] });
  return true;
}

/** The package of a NOTIFY or SUBSCRIBE (RFC 6665 8.2.1), lower case, without its parameters. */
export const eventOf = ({ headers }: SipRequest): string =>
  (headers.get('Event') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** The state of the subscription in a NOTIFY is its last (RFC 6665 4.1.3). */
export const isTerminated = ({ headers }: SipRequest): boolean =>
  /^\s*terminated\b/i.test(headers.get('Subscription-State') ?? '');

type MethodSettings = Pick<CallContext, 'calls' | 'mediaOf'>;

function methodsOf({ calls, mediaOf }: MethodSettings, user: string): string[] {
  const methods = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'REFER', 'NOTIFY', 'UPDATE'];
  if (calls.prack.uas || calls.prack.uac !== 'unsupported') methods.push('PRACK');
  if (mediaOf(user).dtmf.transport === 'signalling') methods.push('INFO');
  return methods;
}

/**
 * The methods that the unit names in Allow, in the order of the vendor's traces. OPTIONS, which it answers too, does not stand there.
 * PRACK and INFO stand there where the settings have a use for them.
 */
export const allowed = (settings: MethodSettings, user: string): string => methodsOf(settings, user).join(', ');

/** OPTIONS is answered without being named. */
export const isAllowed = (settings: MethodSettings, user: string, method: string): boolean =>
  method === 'OPTIONS' || methodsOf(settings, user).includes(method);

/** RFC 3261 21.4.6 */
export const refuseMethod = (settings: MethodSettings, transaction: ServerTransaction, user: string): void =>
  void transaction.respond(405, undefined, { headers: [['Allow', allowed(settings, user)]] });

/** RFC 3261 13.2.2.4; 22.1: with the credentials of its INVITE. */
export function ackFor(dialog: Dialog, invite: SipRequest, userAgent: string): SipRequest {
  const headers: [string, string][] = [];
  for (const name of ['Authorization', 'Proxy-Authorization']) {
    const value = invite.headers.get(name);
    if (value !== undefined) headers.push([name, value]);
  }
  return buildAck(dialog, invite, { headers: [...headers, ['User-Agent', userAgent]] });
}

/** RFC 3261 21.4.13: names what would have been taken. DGW answers it to a missing body or another type, whatever its reject code. */
export function refuseBody(transaction: ServerTransaction, userAgent: string): void {
  transaction.respond(415, undefined, {
    headers: [
      ['Accept', 'application/sdp'],
      ['User-Agent', userAgent],
    ],
  });
}

/** DGW `SipEp.InteropRejectCodeForUnsupportedSdpOffer`: 415 (default) or 488 for a description that does not suit the unit. */
export function refuseSession(
  transaction: ServerTransaction,
  settings: { rejectCode: 415 | 488; address: string; userAgent: string },
  reason: string,
  concernsKeys = false,
): void {
  if (settings.rejectCode === 415) {
    refuseBody(transaction, settings.userAgent);
    return;
  }
  // RFC 3261 20.43: 304 media type not available, 306 attribute not understood (RFC 4567 4.1.2), 399 anything else.
  const text = quote(reason.replace(/[^\x20-\x7e]/g, '?'));
  transaction.respond(488, undefined, {
    headers: [
      ['Warning', `${concernsKeys ? 306 : 304} ${settings.address} ${text}`],
      ['User-Agent', settings.userAgent],
    ],
  });
}
