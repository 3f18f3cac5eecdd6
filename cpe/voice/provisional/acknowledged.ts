// Reliable provisional responses at the calling side (RFC 3262 4): each is acknowledged by PRACK, in order, branch by branch.
import { buildRequest, type Dialog, dialogOfCaller, nextSequence } from '../../../shared/sip/dialog.ts';
import { namesOption, parseCSeq } from '../../../shared/sip/fields.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import { type SipRequest, type SipResponse, SipSyntaxError } from '../../../shared/sip/message.ts';
import { exchange } from '../authenticated-request.ts';
import type { CallContext } from '../call/context.ts';

/** Branches of one call, and reliable responses of a branch, that are acknowledged. */
const MOST_BRANCHES = 16;
const MOST_RESPONSES = 32;

interface Branch {
  dialog: Dialog;
  /** The RSeq that was acknowledged last. */
  last: number;
  count: number;
}

/** The number of a response that wants a PRACK; undefined for others. */
export function reliableNumber(response: SipResponse): number | undefined {
  const { status, headers } = response;
  if (status <= 100 || status >= 200) return undefined;
  if (!namesOption(response, 'Require', '100rel')) return undefined;
  const text = headers.get('RSeq') ?? '';
  return /^\d{1,10}$/.test(text) && Number(text) > 0 && Number(text) < 2 ** 32 ? Number(text) : undefined;
}

interface Caller {
  context: CallContext;
  user: string;
  flow: Flow;
}

export class AcknowledgedProvisionals {
  readonly #caller: Caller;
  /** By the To tag. */
  readonly #branches = new Map<string, Branch>();

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Acknowledges the response; false for one that is out of order or a repetition, which is to be ignored (RFC 3262 4). */
  take(response: SipResponse, invite: SipRequest): boolean {
    const number = reliableNumber(response);
    if (number === undefined || this.#caller.context.calls.prack.uac === 'unsupported') return true;
    try {
      const early = dialogOfCaller(invite, response);
      const branch = this.#branches.get(early.remoteTag) ?? { dialog: early, last: number - 1, count: 0 };
      if (number !== branch.last + 1 || branch.count >= MOST_RESPONSES) return false;
      if (this.#branches.size >= MOST_BRANCHES && !this.#branches.has(early.remoteTag)) return false;
      this.#branches.set(early.remoteTag, branch);
      branch.last = number;
      branch.count += 1;
      this.#acknowledge(branch.dialog, `${number} ${parseCSeq(invite).number} INVITE`);
      return true;
    } catch (error) {
      // Without a usable Contact there is no way back.
      if (!(error instanceof SipSyntaxError)) throw error;
      this.#caller.context.log.warn('reliable response not acknowledged', { reason: error.message });
      return false;
    }
  }

  /** The sequence number that the dialog of that branch has come to. */
  sequenceOf(remoteTag: string): number {
    return this.#branches.get(remoteTag)?.dialog.localSequence ?? 0;
  }

  #acknowledge(dialog: Dialog, rack: string): void {
    const { context, user, flow } = this.#caller;
    const prack = buildRequest(dialog, 'PRACK', {
      headers: [
        ['RAck', rack],
        ['User-Agent', context.userAgent],
      ],
    });
    exchange(context.layer, flow, prack, context.authOf(user), { nextSequence: () => nextSequence(dialog) }).catch(
      (error: unknown) => context.log.error('PRACK failed', { error }),
    );
  }
}
