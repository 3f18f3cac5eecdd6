// The ladder of a unit's SIP messages as an operator asks for it: all conversations, or one call by number or Call-ID.
import { UserError } from '../../shared/errors.ts';
import type { Conversation, SipTrace } from '../../shared/sip/trace/trace.ts';
import type { CallNumbers } from './call-numbers.ts';

/** `call`: its number, where the conversation is one. */
export type NumberedConversation = Conversation & { call?: number };

/**
 * @param wanted the number or Call-ID of a call; all conversations where it is absent
 * @throws UserError when the unit keeps no messages, or none of that call
 */
export function ladderOf(
  trace: SipTrace | undefined,
  numbers: CallNumbers,
  wanted: string | undefined,
): NumberedConversation[] {
  if (!trace) throw new UserError(409, 'no-ladder', 'the unit keeps no SIP messages: start it with --ladder');
  const all = trace.conversations().map(conversation => {
    const isCall = conversation.messages.some(({ method }) => method === 'INVITE');
    return isCall ? { call: numbers.of(conversation.callId), ...conversation } : conversation;
  });
  if (wanted === undefined) return all;
  const found = all.filter(one => one.callId === wanted || ('call' in one && String(one.call) === wanted));
  if (found.length > 0) return found;
  throw new UserError(
    404,
    'no-call',
    `there are no messages of call '${wanted}'; 'ladder' alone shows those there are`,
  );
}
