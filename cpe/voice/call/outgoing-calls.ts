// The calls that a user agent is placing, and the conditions under which it places one.
import { isAbort, messageOf, UserError } from '../../../shared/errors.ts';
import type { Accounts } from '../accounts.ts';
import { failureText, goesToNext } from '../servers/failover.ts';
import type { Link } from '../servers/link.ts';
import type { Servers } from '../servers/servers.ts';
import type { UserAgentConfig } from '../settings.ts';
import { type Call, CallFailed, type PlaceOptions } from './call.ts';
import type { CallContext } from './context.ts';
import { placeCall } from './outgoing.ts';

/** Time for the connection to the next target, after which a call fails. */
const FAILOVER_MS = 10_000;
/** Targets that one call tries. */
const MOST_TARGETS = 8;

interface OutgoingOptions {
  accounts: Accounts;
  context: CallContext;
  config: UserAgentConfig;
  servers: () => Servers | undefined;
  /** Ends every attempt. */
  working: AbortSignal;
}

export class OutgoingCalls {
  readonly #options: OutgoingOptions;
  readonly #placing = new Set<Promise<Call>>();

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** See SipUserAgent.call. */
  async place(user: string, target: string, options: PlaceOptions = {}): Promise<Call> {
    const { accounts, context, working } = this.#options;
    const servers = this.#options.servers();
    if (!accounts.isKnown(user)) throw new UserError(404, 'unknown-account', `there is no account '${user}'`);
    const gate = context.callGate(user);
    if (gate) throw new UserError(409, 'no-calls', gate.reason);
    if (accounts.isDisabled(user)) throw new UserError(409, 'not-registered', `account '${user}' is not registered`);
    if (servers?.calls && servers.isUnreachable(servers.calls))
      throw new UserError(503, 'server-unreachable', 'the SIP server does not answer');
    const signal = options.signal ? AbortSignal.any([options.signal, working]) : working;
    const attempt = (): Promise<Call> => placeCall(context, user, target, { ...options, signal });
    const work = this.#placeAnywhere(attempt, servers?.calls, signal).finally(() => this.#placing.delete(work));
    this.#placing.add(work);
    context.watch?.begun(user, 'out');
    work.catch((error: unknown) => {
      context.watch?.failed(user, 'out');
      if (!isAbort(error)) context.notify('callFailed', { user, peer: target, reason: messageOf(error) });
    });
    return work;
  }

  /** Resolves when no call is being placed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#placing);
  }

  /** RFC 3263 4.3: a call that a target does not answer, or answers with 503, goes to the next one. */
  async #placeAnywhere(attempt: () => Promise<Call>, link: Link | undefined, signal: AbortSignal): Promise<Call> {
    for (let targets = 1; ; targets++) {
      const flow = link?.flow;
      try {
        return await attempt();
      } catch (error) {
        if (!link || !flow || targets === MOST_TARGETS || !(error instanceof CallFailed)) throw error;
        const failure = { status: error.status, cause: error.silence };
        if (!goesToNext(this.#options.config, 'INVITE', failure)) throw error;
        if (!link.failOver(flow, failureText(failure)) || !(await this.#isUp(link, signal))) throw error;
      }
    }
  }

  async #isUp(link: Link, signal: AbortSignal): Promise<boolean> {
    const limit = new AbortController();
    const timer = this.#options.context.clock.after(FAILOVER_MS, () => limit.abort());
    try {
      await link.whenUp(AbortSignal.any([signal, limit.signal]));
      return true;
    } catch (error) {
      if (!isAbort(error)) throw error;
      return false;
    } finally {
      timer.cancel();
    }
  }
}
