// The unit as target of a transfer: an INVITE with Replaces takes the place of a call that stands (RFC 3891 3).
import type { SipRequest } from '../../../shared/sip/message.ts';
import type { Leg } from '../call/call.ts';
import type { CallContext } from '../call/context.ts';
import { replacesOf } from './refer.ts';

/**
 * The call that the INVITE for `user` replaces, the status of its refusal, or undefined where it replaces none. The call of another
 * account is no call (RFC 3891 5: its tags are known to its two sides, and this INVITE is for neither).
 * @throws SipSyntaxError
 */
export function replacedLeg({ legs }: CallContext, request: SipRequest, user: string): Leg | 481 | 486 | undefined {
  const replaces = replacesOf(request);
  if (!replaces) return undefined;
  const { callId, toTag, fromTag, earlyOnly } = replaces;
  const leg = [...legs.values()].find(
    ({ dialog }) => dialog.callId === callId && dialog.localTag === toTag && dialog.remoteTag === fromTag,
  );
  if (!leg || leg.user !== user) return 481;
  return earlyOnly ? 486 : leg;
}
