// The calls that a user agent is placing, and the conditions under which it places one.
import { isAbort, messageOf, UserError } from '../../../shared/errors.ts';
import type { Accounts } from '../accounts.ts';
import type { Servers } from '../servers/servers.ts';
import type { Call, PlaceOptions } from './call.ts';
import type { CallContext } from './context.ts';
import { placeCall } from './outgoing.ts';

export class OutgoingCalls {
  readonly #accounts: Accounts;
  readonly #context: CallContext;
  readonly #servers: () => Servers | undefined;
  readonly #working: AbortSignal;
  readonly #placing = new Set<Promise<Call>>();

  /** @param working ends every attempt */
  constructor(accounts: Accounts, context: CallContext, servers: () => Servers | undefined, working: AbortSignal) {
    this.#accounts = accounts;
    this.#context = context;
    this.#servers = servers;
    this.#working = working;
  }

  /** See SipUserAgent.call. */
  async place(user: string, target: string, options: PlaceOptions = {}): Promise<Call> {
    const servers = this.#servers();
    if (!this.#accounts.isKnown(user)) throw new UserError(404, 'unknown-account', `there is no account '${user}'`);
    if (this.#accounts.isDisabled(user))
      throw new UserError(409, 'not-registered', `account '${user}' is not registered`);
    if (servers?.calls && servers.isUnreachable(servers.calls))
      throw new UserError(503, 'server-unreachable', 'the SIP server does not answer');
    const signal = options.signal ? AbortSignal.any([options.signal, this.#working]) : this.#working;
    const work = placeCall(this.#context, user, target, { ...options, signal }).finally(() =>
      this.#placing.delete(work),
    );
    this.#placing.add(work);
    work.catch((error: unknown) => {
      if (!isAbort(error)) this.#context.notify('callFailed', { user, peer: target, reason: messageOf(error) });
    });
    return work;
  }

  /** Resolves when no call is being placed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#placing);
  }
}
