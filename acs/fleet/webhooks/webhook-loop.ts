// The loop that serves webhooks: it sends what is due, waits until the next message is due, and is woken by events of this process.
import { isAbort } from '../../../shared/errors.ts';
import { noticeTypes } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { WakeablePause } from './wakeable-pause.ts';
import type { WebhookDeliveries } from './webhook-deliveries.ts';
import { NEVER, WebhookRounds } from './webhook-rounds.ts';

/** The interval in which messages from other processes are looked for; messages of this process are sent at once. */
const LOOK_MS = 5000;
/** The time after an event in which its message may still be on its way into the queue. */
const SOON_MS = 100;

export class WebhookLoop {
  readonly #context: FleetContext;
  readonly #stopped: AbortController;
  #subscriptions: (() => void)[] = [];
  #running: Promise<void> | undefined;
  readonly #pause: WakeablePause;
  readonly #rounds: WebhookRounds;

  /** @param stopped is aborted by `stop` */
  constructor(context: FleetContext, deliveries: WebhookDeliveries, stopped: AbortController) {
    this.#context = context;
    this.#stopped = stopped;
    this.#pause = new WakeablePause(context.clock, stopped.signal, SOON_MS);
    const onSent = (): void => this.wake();
    this.#rounds = new WebhookRounds(context, { deliveries, stopped: stopped.signal, onSent });
  }

  start(): void {
    const { store, events, log } = this.#context;
    const hasWebhooks = (): boolean => store.generation('webhook') > 0;
    for (const type of noticeTypes)
      if (type !== 'removed') {
        const isHeard = type === 'inform' ? () => this.#rounds.hearsInforms : hasWebhooks;
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
    await this.#rounds.settled();
  }

  /** Ends the pause of the loop soon. */
  wake(): void {
    this.#pause.wake();
  }

  /** Sends what is due now. */
  async sendDue(): Promise<void> {
    await this.#rounds.begin();
    await this.#rounds.settled();
  }

  async #run(): Promise<void> {
    const { clock } = this.#context;
    for (;;) {
      let next = NEVER;
      try {
        next = await this.#rounds.begin();
      } catch (error) {
        this.#rounds.failed(error);
      }
      await this.#pause.wait(Math.min(LOOK_MS, Math.max(SOON_MS, next - clock.now())));
    }
  }
}
