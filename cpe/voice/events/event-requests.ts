// NOTIFY outside of calls (RFC 6665 8.2): messages of a mailbox, and `check-sync` and `reboot`, which servers send without a subscription.
// The unit carries these two out for its own servers alone, and one of a kind within a pause.
import type { Flow } from '../../../shared/sip/flow-types.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import type { CallContext } from '../call/context.ts';
import { eventOf } from '../call/replies.ts';
import type { Servers } from '../servers/servers.ts';
import type { UnitEvent, UserAgentEnv } from '../settings.ts';
import type { Mailboxes } from './mailboxes.ts';

/** Seconds between two events of a kind that are acted on; our choice. */
const PAUSE = 30;

const MESSAGES = 'message-summary';
const unitEvents: readonly UnitEvent[] = ['check-sync', 'reboot'];

interface EventsOptions {
  context: CallContext;
  onEvent: UserAgentEnv['onEvent'];
  servers: () => Servers | undefined;
  mailboxes: Mailboxes;
}

export class EventRequests {
  readonly #options: EventsOptions;
  /** Monotonic milliseconds at which each was acted on last. */
  readonly #last = new Map<UnitEvent, number>();

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  /** Takes one outside any dialog. @param user of the Request-URI */
  take(transaction: ServerTransaction, user: string): void {
    const named = eventOf(transaction.request);
    const event = unitEvents.find(one => one === named);
    if (named === MESSAGES) this.#takeMessages(transaction, user);
    else if (!event) this.#refuse(transaction, 489, [['Allow-Events', [...unitEvents, MESSAGES].join(', ')]]);
    else if (!this.#isFromServer(transaction.flow)) this.#refuse(transaction, 403);
    else {
      const wait = this.#waitFor(event);
      if (wait > 0) this.#refuse(transaction, 503, [['Retry-After', String(wait)]]);
      else this.#carryOut(transaction, event);
    }
  }

  /** Takes one inside a dialog that is no call. */
  takeInside(transaction: ServerTransaction): void {
    if (!this.#options.mailboxes.notified(transaction)) transaction.respond(481);
  }

  #takeMessages(transaction: ServerTransaction, user: string): void {
    if (!this.#isFromServer(transaction.flow)) this.#refuse(transaction, 403);
    else if (!this.#options.mailboxes.told(transaction, user)) this.#refuse(transaction, 481);
  }

  #carryOut(transaction: ServerTransaction, event: UnitEvent): void {
    const { context, onEvent } = this.#options;
    const work = onEvent?.(event);
    // The unit's settings reject it (DGW `SipEp.GwEventHandling`).
    if (!work) {
      this.#refuse(transaction, 489);
      return;
    }
    this.#last.set(event, context.clock.monotonic());
    transaction.respond(200);
    context.log.info('SIP event carried out', { event, address: transaction.flow.remote.host });
    work().catch((error: unknown) => context.log.error('SIP event failed', { event, error }));
  }

  #refuse(transaction: ServerTransaction, status: number, headers: [string, string][] = []): void {
    const { flow, request } = transaction;
    const event = request.headers.get('Event');
    this.#options.context.log.warn('SIP event refused', { address: flow.remote.host, event, status });
    transaction.respond(status, undefined, { headers });
  }

  /** Seconds until an event of that kind counts again. */
  #waitFor(event: UnitEvent): number {
    const last = this.#last.get(event);
    if (last === undefined) return 0;
    return Math.ceil(PAUSE - (this.#options.context.clock.monotonic() - last) / 1000);
  }

  /** It came over a connection to a server of the unit, or from its address. */
  #isFromServer({ remote }: Flow): boolean {
    const links = this.#options.servers()?.links ?? [];
    return links.some(link => link.flow?.remote.host === remote.host);
  }
}
