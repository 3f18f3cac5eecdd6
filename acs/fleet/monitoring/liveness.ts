// Who informs no more, said once of each device whatever process finds it out; and how often a device means to inform.
import type { BlindSpot } from '../../device/operation-types.ts';
import type { FleetContext } from '../common/context.ts';

export interface LivenessWatch {
  /** Says of every device that became late or lost since the last look that it did. */
  look(): Promise<void>;
}

/** How often somebody looks. */
export const LOOK_MS = 30_000;
/** Devices in one read, and in one group of writes. */
const BATCH = 500;
/** Nobody looked for so long: then nobody served either, or the store could not be written, and no device could be heard. */
const BLIND_MS = 4 * LOOK_MS;

/** What the last look left behind, kind `duty`. */
interface Looked {
  at: number;
  deaf?: BlindSpot;
}
const LOOKED = 'liveness-looked';

export function createLiveness({
  store,
  clock,
  events,
}: Pick<FleetContext, 'store' | 'clock' | 'events'>): LivenessWatch {
  /** The last sign that somebody served: the look before, or before the first one the newest Inform. */
  const lastHeard = async (now: number, before: Looked | undefined): Promise<number> => {
    if (before) return before.at;
    const { items } = await store.devices({ sort: '-lastInform', limit: 1, now });
    return items[0]?.lastInform ?? now;
  };

  const judge = async (ids: readonly string[], now: number, blindSpot: BlindSpot | undefined): Promise<number> => {
    const said = await Promise.all(
      ids.map(async id => {
        const missed = await store.apply(id, 'missed', { now, ...(blindSpot ? { blindSpot } : {}) });
        if (missed) events.emit(missed.absence, { device: id, lastInform: new Date(missed.lastInform).toISOString() });
        return missed;
      }),
    );
    return said.filter(Boolean).length;
  };

  return {
    look: async () => {
      const now = clock.now();
      const before = (await store.document<Looked>('duty', LOOKED))?.body;
      const silence = now - (await lastHeard(now, before));
      const blindSpot = silence > BLIND_MS ? { until: now, ms: silence } : before?.deaf;
      await store.putDocument('duty', LOOKED, { at: now, ...(blindSpot ? { deaf: blindSpot } : {}) } satisfies Looked);
      for (;;) {
        const ids = await store.overdue({ now, limit: BATCH, ...(blindSpot ? { blindSpot } : {}) });
        // Where none changes, others have judged them, or they are as they were.
        if ((await judge(ids, now, blindSpot)) === 0 || ids.length < BATCH) return;
      }
    },
  };
}
