// The limit of quarantine: whoever has the shared login can make up serial numbers, and each is a row. The oldest unapproved go.
import { parseFilter } from '../../query/parser.ts';
import type { FleetContext } from '../common/context.ts';

/** Devices in quarantine; an operator approves far fewer at a time. */
export const MAX_QUARANTINE = 10_000;
/** New devices after which the number is looked at, and the most that go at once. */
const EVERY = 200;

const inQuarantine = parseFilter('state = "quarantine"');

export class QuarantineLimit {
  readonly #context: Pick<FleetContext, 'store' | 'clock' | 'events' | 'log'>;
  readonly #most: number;
  readonly #every: number;
  #since = 0;
  #running: Promise<void> | undefined;

  constructor(context: Pick<FleetContext, 'store' | 'clock' | 'events' | 'log'>, most: number = MAX_QUARANTINE) {
    this.#context = context;
    this.#most = most;
    this.#every = Math.min(EVERY, most);
    context.events.on('enrolled', ({ state }) => {
      if (state === 'quarantine' && ++this.#since >= this.#every) this.#look();
    });
  }

  /** Resolves when the removal that runs now is done. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #look(): void {
    this.#since = 0;
    // A failing store is logged once elsewhere; the next new device tries again.
    this.#running ??= this.#trim()
      .catch(error => this.#context.log.debug('quarantine trim failed', { error }))
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #trim(): Promise<void> {
    const { store, clock, events, log } = this.#context;
    const excess = (await store.countDevices(inQuarantine, clock.now())) - this.#most;
    if (excess <= 0) return;
    const { items } = await store.devices({ filter: inQuarantine, sort: 'created', limit: excess, now: clock.now() });
    // A device that an operator has touched stays.
    const untouched = items.filter(({ tags, overrides }) => tags.length === 0 && Object.keys(overrides).length === 0);
    for (const { id } of untouched) {
      await store.apply(id, 'removed', {});
      events.emit('removed', { device: id });
    }
    log.warn('quarantine full', { most: this.#most, removed: untouched.length });
  }
}
