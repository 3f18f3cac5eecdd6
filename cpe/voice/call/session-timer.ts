// Session timers (RFC 4028) with the unit's values: the proposal, the agreement, and the side that refreshes.
import { namesOption, seconds } from '../../../shared/sip/fields.ts';
import type { SipRequest, SipResponse } from '../../../shared/sip/message.ts';
import type { CallSettings, TimerSettings } from './settings.ts';

export interface Agreement {
  seconds: number;
  /** True when this side sends the refreshes. */
  weRefresh: boolean;
}

type Header = [name: string, value: string];

/** The extensions that the unit has: as the called side, or as the one that makes the call. */
export function extensionsOf({ timer, prack }: CallSettings, side: 'uas' | 'uac'): string[] {
  const isReliable = side === 'uas' ? prack.uas : prack.uac === 'supported';
  return [...(timer.enabled ? ['timer'] : []), 'replaces', ...(isReliable ? ['100rel'] : [])];
}

/** The unit writes its extensions on separate lines. */
export const supported = (calls: CallSettings, side: 'uas' | 'uac' = 'uas'): Header[] =>
  extensionsOf(calls, side).map(name => ['Supported', name]);

/** Headers of an INVITE that makes a call. @param demanded by a 422 (RFC 4028 7.3) */
export function proposal(calls: CallSettings, demanded = 0): Header[] {
  const { enabled, shortest, proposed } = calls.timer;
  const least = Math.max(shortest, demanded);
  const times: Header[] = [
    ['Min-SE', String(least)],
    ['Session-Expires', String(Math.max(proposed, least))],
  ];
  const required: Header[] = calls.prack.uac === 'required' ? [['Require', '100rel']] : [];
  return [...(enabled ? times : []), ...supported(calls, 'uac'), ...required];
}

/** Headers of a refresh, or (`answering`) of a 2xx. The refresher does not change, RFC 4028 7.4, 9. */
export function sessionHeaders(calls: CallSettings, agreed: Agreement | undefined, answering = false): Header[] {
  if (!agreed) return supported(calls);
  // uac and uas are the roles in this transaction, not in the call.
  const refresher = agreed.weRefresh === answering ? 'uas' : 'uac';
  const headers: Header[] = [['Session-Expires', `${agreed.seconds};refresher=${refresher}`], ...supported(calls)];
  if (!answering) return [['Min-SE', String(calls.timer.shortest)], ...headers];
  return refresher === 'uac' ? [...headers, ['Require', 'timer']] : headers;
}

const refresherOf = (value: string | undefined): string | undefined =>
  /;\s*refresher\s*=\s*(uac|uas)\b/i.exec(value ?? '')?.[1]?.toLowerCase();

/** The agreement of the called side, RFC 4028 9 and its table 2. `tooShort`: answer 422 with this Min-SE. */
export function agreeTimer(
  request: SipRequest,
  { enabled, shortest }: TimerSettings,
): { tooShort: number } | { agreed: Agreement | undefined } {
  const text = request.headers.get('Session-Expires');
  const asked = seconds(text);
  const timer = namesOption(request, 'Supported', 'timer');
  // A peer without the extension understands no 422, and cannot be made to refresh.
  if (asked === undefined || !enabled) return { agreed: undefined };
  if (asked < shortest && timer) return { tooShort: shortest };
  const weRefresh = !timer || refresherOf(text) === 'uas';
  return { agreed: { seconds: Math.min(Math.max(asked, shortest), 7 * 86_400), weRefresh } };
}

/** The agreement of the calling side, from the 2xx. Without Session-Expires there is no timer (RFC 4028 7.2). */
export function agreedTimer(response: SipResponse): Agreement | undefined {
  const text = response.headers.get('Session-Expires');
  const agreed = seconds(text);
  if (agreed === undefined || agreed < 90) return undefined;
  return { seconds: Math.min(agreed, 7 * 86_400), weRefresh: refresherOf(text) !== 'uas' };
}

/** The Min-SE of a 422, within reason; undefined when it names none. */
export function demandedMinimum(response: SipResponse): number | undefined {
  const demanded = seconds(response.headers.get('Min-SE'));
  return demanded !== undefined && demanded <= 86_400 ? demanded : undefined;
}
