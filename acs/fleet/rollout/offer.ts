// Offering: the next devices of a rollout get its image as what they want, as many as may be under way, where their window is open.
import { setMaxListeners } from 'node:events';
import { messageOf } from '../../../shared/errors.ts';
import type { DeviceRow } from '../../device/row.ts';
import { openUntil } from '../common/time-window.ts';
import type { EngineContext } from './context.ts';
import type { Rollout } from './plan.ts';

export interface Offering {
  /** @param room how many may be offered, `wave` up to which one @returns whether anything was moved */
  offer(rollout: Rollout, wave: number, room: number): Promise<boolean>;
  /** Nobody is called any more. */
  stop(): Promise<void>;
}

export function createOffering({ store, clock, log, ports, rows, tell }: EngineContext): Offering {
  const stopped = new AbortController();
  // Every call on its way waits on it.
  setMaxListeners(0, stopped.signal);
  const waking = new Set<Promise<void>>();

  /** Asks devices to connect, beside all else: one that does not hear comes by itself. */
  const call = (devices: readonly DeviceRow[]): void => {
    if (devices.length === 0 || stopped.signal.aborted) return;
    const calls = Promise.all(devices.map(row => ports.sendConnectionRequest(row, stopped.signal)))
      .then(() => undefined)
      .catch(error => log.debug('not woken', { reason: messageOf(error) }))
      .finally(() => waking.delete(calls));
    waking.add(calls);
  };

  /** @returns whether it moved, and whether the device has something to do now */
  const offerOne = async (id: string, row: DeviceRow, until?: number): Promise<'offered' | 'moved' | 'stale'> => {
    const args = { id, now: clock.now(), ...(until === undefined ? {} : { until }) };
    const position = await store.apply(row.id, 'rolloutOffered', args);
    if (position === 'stale') return 'stale';
    tell(row.id, position);
    return position.state === 'offered' ? 'offered' : 'moved';
  };

  return {
    offer: async (rollout, wave, room) => {
      const offered: DeviceRow[] = [];
      let left = room;
      for (const { zone, until } of openZones(rollout, clock.now())) {
        for (const row of left > 0 ? await rows.waiting(rollout.id, zone, wave, left) : []) {
          const outcome = await offerOne(rollout.id, row, until);
          if (outcome !== 'stale') left--;
          if (outcome === 'offered') offered.push(row);
        }
      }
      if (rollout.wake) call(offered.filter(row => row.connectionRequest.url !== ''));
      return left < room;
    },
    stop: async () => {
      stopped.abort(new DOMException('the ACS closes', 'AbortError'));
      await Promise.all(waking);
    },
  };
}

/** Where devices may begin now, and until when. */
const openZones = ({ zones, window, timezone }: Rollout, now: number): { zone: string; until?: number }[] =>
  zones.flatMap(zone => {
    if (!window) return [{ zone }];
    const until = openUntil(window, zone || timezone, now);
    return until === undefined ? [] : [{ zone, until }];
  });
