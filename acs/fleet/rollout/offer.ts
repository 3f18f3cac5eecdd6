// Offers: the next devices of a rollout get its image as desired firmware, as many as may be in flight, where their window is open.
import type { DeviceRow } from '../../device/row.ts';
import { reachedBy } from './author.ts';
import { changeSince } from './change-since.ts';
import { ConnectionRequests } from './connection-requests.ts';
import type { RolloutContext } from './context.ts';
import type { StoredRollout } from './documents.ts';
import { openZones } from './waves.ts';

export class Offers {
  readonly #context: RolloutContext;
  readonly #requests: ConnectionRequests;

  constructor(context: RolloutContext) {
    const { log } = context;
    this.#context = context;
    this.#requests = new ConnectionRequests(context, reason =>
      log.debug('rollout connection requests failed', { reason }),
    );
  }

  /**
   * Offers until the rollout changes, as by an abort.
   * @param wave offers go to waves up to this one
   * @param room how many devices may be offered
   * @returns whether any was moved, or the rollout has changed
   */
  async offer(stored: StoredRollout, wave: number, room: number): Promise<boolean> {
    const { devices, clock } = this.#context;
    const { body: rollout } = stored;
    const hasChanged = changeSince(this.#context, stored);
    const offered: DeviceRow[] = [];
    let left = room;
    for (const { zone, until } of openZones(rollout, clock.now())) {
      const waiting = left > 0 ? await devices.waiting(rollout.id, zone, wave, left) : [];
      const { reached, skipped } = await reachedBy(this.#context, rollout, waiting);
      left -= skipped;
      for (const row of reached) {
        if (await hasChanged()) return true;
        const outcome = await this.#offerOne(rollout.id, row, until);
        if (outcome !== 'stale') left--;
        if (outcome === 'offered') offered.push(row);
      }
    }
    if (rollout.wake) this.#requests.send(offered);
    return left < room;
  }

  /** @returns `offered` where the device has something to do now, `moved` where it has not */
  async #offerOne(id: string, row: DeviceRow, until?: number): Promise<'offered' | 'moved' | 'stale'> {
    const { store, clock, devices } = this.#context;
    const args = { id, now: clock.now(), ...(until === undefined ? {} : { until }) };
    const position = await store.apply(row.id, 'rolloutOffered', args);
    if (position === 'stale') return 'stale';
    devices.announce(row.id, position);
    return position.state === 'offered' ? 'offered' : 'moved';
  }

  /** Ends the connection requests that are on their way. */
  async stop(): Promise<void> {
    await this.#requests.stop();
  }
}
