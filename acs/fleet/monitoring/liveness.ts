// The liveness watch: it finds devices that have stopped informing, and announces each of them once, whichever process finds it.
import type { BlindSpot } from '../../device/operation-types.ts';
import type { FleetContext } from '../common/context.ts';

/** The interval of looks. */
export const LOOK_MS = 30_000;
/** Devices in one read, and in one group of writes. */
const BATCH = 500;
/** After this time without a look, no process served or the store took no writes, so that no device could be heard. */
const BLIND_MS = 4 * LOOK_MS;

/** The record of the last look, kind `duty`. */
interface LastLook {
  at: number;
  deaf?: BlindSpot;
}
const LAST_LOOK = 'liveness-looked';

export class LivenessWatch {
  readonly #context: Pick<FleetContext, 'store' | 'clock' | 'events'>;

  constructor(context: Pick<FleetContext, 'store' | 'clock' | 'events'>) {
    this.#context = context;
  }

  /** Announces each device that became late or lost since the last look. */
  async look(): Promise<void> {
    const { store, clock } = this.#context;
    const now = clock.now();
    const before = (await store.document<LastLook>('duty', LAST_LOOK))?.body;
    const silence = now - (await this.#lastHeard(now, before));
    const blindSpot = silence > BLIND_MS ? { until: now, ms: silence } : before?.deaf;
    const look: LastLook = { at: now, ...(blindSpot ? { deaf: blindSpot } : {}) };
    await store.putDocument('duty', LAST_LOOK, look);
    for (;;) {
      const ids = await store.overdue({ now, limit: BATCH, ...(blindSpot ? { blindSpot } : {}) });
      // No change means that another process has announced these devices, or that they have informed meanwhile.
      if ((await this.#announce(ids, now, blindSpot)) === 0 || ids.length < BATCH) return;
    }
  }

  /** The last time when a process served: the look before, or the newest Inform before the first look. */
  async #lastHeard(now: number, before: LastLook | undefined): Promise<number> {
    if (before) return before.at;
    const { items } = await this.#context.store.devices({ sort: '-lastInform', limit: 1, now });
    return items[0]?.lastInform ?? now;
  }

  /** @returns the number of devices that became late or lost */
  async #announce(ids: readonly string[], now: number, blindSpot: BlindSpot | undefined): Promise<number> {
    const { store, events } = this.#context;
    const announced = await Promise.all(
      ids.map(async id => {
        const missed = await store.apply(id, 'missed', { now, ...(blindSpot ? { blindSpot } : {}) });
        if (missed) events.emit(missed.absence, { device: id, lastInform: new Date(missed.lastInform).toISOString() });
        return missed;
      }),
    );
    return announced.filter(Boolean).length;
  }
}
