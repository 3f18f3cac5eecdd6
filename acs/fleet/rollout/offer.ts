// Offers: the next devices of a rollout get its image as desired firmware, as many as may be in flight, where their window is open.
import { setMaxListeners } from 'node:events';
import { messageOf } from '../../../shared/errors.ts';
import type { DeviceRow } from '../../device/row.ts';
import { openUntil } from '../common/time-window.ts';
import { reachedBy } from './author.ts';
import { changeSince } from './change-since.ts';
import type { RolloutContext } from './context.ts';
import type { StoredRollout } from './documents.ts';
import type { Rollout } from './plan.ts';

export class Offers {
  readonly #context: RolloutContext;
  readonly #stopped = new AbortController();
  /** Connection requests that are on their way. */
  readonly #requests = new Set<Promise<void>>();

  constructor(context: RolloutContext) {
    this.#context = context;
    // Every connection request adds a listener.
    setMaxListeners(0, this.#stopped.signal);
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
    if (rollout.wake) this.#request(offered.filter(row => row.connectionRequest.url !== ''));
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

  /** Sends connection requests without waiting for them: a device that none reaches informs by itself. */
  #request(rows: readonly DeviceRow[]): void {
    const { signal } = this.#stopped;
    if (rows.length === 0 || signal.aborted) return;
    const { ports, log } = this.#context;
    const requests = Promise.all(rows.map(row => ports.sendConnectionRequest(row, signal)))
      .then(() => undefined)
      .catch(error => log.debug('rollout connection requests failed', { reason: messageOf(error) }))
      .finally(() => this.#requests.delete(requests));
    this.#requests.add(requests);
  }

  /** Ends the connection requests that are on their way. */
  async stop(): Promise<void> {
    this.#stopped.abort(new DOMException('the ACS closes', 'AbortError'));
    await Promise.all(this.#requests);
  }
}

/** Time zones where devices may begin now, and until when. */
const openZones = ({ zones, window, timezone }: Rollout, now: number): { zone: string; until?: number }[] =>
  zones.flatMap(zone => {
    if (!window) return [{ zone }];
    const until = openUntil(window, zone || timezone, now);
    return until === undefined ? [] : [{ zone, until }];
  });
