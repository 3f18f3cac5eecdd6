// The loop that serves webhooks: it sends what is due, waits until the next message is due, and is woken by events of this process.
import { isAbort, messageOf } from '../../../shared/errors.ts';
import { noticeTypes } from '../../store/records.ts';
import type { DeliveryCount } from '../../store/store.ts';
import type { FleetContext } from '../common/context.ts';
import { WakeablePause } from './wakeable-pause.ts';
import type { StoredWebhook } from './webhook.ts';
import type { WebhookDeliveries } from './webhook-deliveries.ts';

/** The interval in which messages from other processes are looked for; messages of this process are sent at once. */
const LOOK_MS = 5000;
/** The time after an event in which its message may still be on its way into the queue. */
const SOON_MS = 100;
const KEEP_DEAD_MS = 30 * 24 * 3_600_000;
const TIDY_MS = 60_000;
const NEVER = Number.POSITIVE_INFINITY;

export class WebhookLoop {
  readonly #context: FleetContext;
  readonly #deliveries: WebhookDeliveries;
  readonly #stopped: AbortController;
  #subscriptions: (() => void)[] = [];
  #running: Promise<void> | undefined;
  /** A webhook receives Informs, which are too many to wake for otherwise. */
  #hearsInforms = false;
  #tidied = Number.NEGATIVE_INFINITY;
  readonly #pause: WakeablePause;

  /** @param stopped is aborted by `stop` */
  constructor(context: FleetContext, deliveries: WebhookDeliveries, stopped: AbortController) {
    this.#context = context;
    this.#deliveries = deliveries;
    this.#stopped = stopped;
    this.#pause = new WakeablePause(context.clock, stopped.signal, SOON_MS);
  }

  start(): void {
    const { store, events, log } = this.#context;
    const hasWebhooks = (): boolean => store.generation('webhook') > 0;
    for (const type of noticeTypes)
      if (type !== 'removed') {
        const isHeard = type === 'inform' ? () => this.#hearsInforms : hasWebhooks;
        this.#subscriptions.push(events.on(type, () => isHeard() && this.wake()));
      }
    this.#running ??= this.#run().catch(error => {
      if (!isAbort(error)) log.error('webhook loop failed', { error });
    });
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#stopped.abort(new DOMException('the ACS closes', 'AbortError'));
    await this.#running;
  }

  /** Ends the pause of the loop soon. */
  wake(): void {
    this.#pause.wake();
  }

  /** Sends what is due now. @returns the time when the next message is due, milliseconds */
  async sendDue(): Promise<number> {
    const { store, clock } = this.#context;
    if (store.generation('webhook') === 0) return NEVER;
    const all = await store.documents<StoredWebhook>('webhook');
    const webhooks = all.filter(({ body }) => !body.paused);
    this.#hearsInforms = webhooks.some(({ body }) => body.events.includes('inform'));
    const before = nextDue(await store.deliveryCounts());
    const served = webhooks.filter(({ name }) => (before.get(name) ?? NEVER) <= clock.now());
    await Promise.all(served.map(({ name, body }) => this.#deliveries.sendDue(name, body)));
    if (clock.now() - this.#tidied >= TIDY_MS) {
      this.#tidied = clock.now();
      await tidy(this.#context, new Set(all.map(({ name }) => name)));
    }
    const after = served.length > 0 ? nextDue(await store.deliveryCounts()) : before;
    return Math.min(
      ...webhooks.map(({ name }) => Math.max(after.get(name) ?? NEVER, this.#deliveries.backoffs.of(name)?.until ?? 0)),
    );
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#context;
    for (;;) {
      let next = NEVER;
      try {
        next = await this.sendDue();
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        // A failure of the store passes, and the queue is durable.
        log.warn('webhook queue failed', { reason: messageOf(error) });
      }
      await this.#pause.wait(Math.min(LOOK_MS, Math.max(SOON_MS, next - clock.now())));
    }
  }
}

/** Bounds the queue, and drops the messages of other webhooks than these. */
async function tidy(
  { store, clock }: Pick<FleetContext, 'store' | 'clock'>,
  names: ReadonlySet<string>,
): Promise<void> {
  await store.boundDeliveries(clock.now() - KEEP_DEAD_MS);
  for (const { webhook } of await store.deliveryCounts()) if (!names.has(webhook)) await store.dropDeliveries(webhook);
}

/** The time when the next message of each webhook is due, milliseconds. */
const nextDue = (counts: readonly DeliveryCount[]): Map<string, number | undefined> =>
  new Map(counts.map(({ webhook, next }) => [webhook, next]));
