// Waits in real time for what others bring about: programs, sockets, processes.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';

/** Data over sockets of this process is there within turns of the event loop; other programs take their time. */
const EAGER_MS = 50;
const BRISK_MS = 1000;

/**
 * Looks until `look` finds something.
 * @param what names it in the error
 * @param ms of real time, at most
 * @param everyMs how often it is looked, where looking has an effect or costs something
 * @throws Error when nothing is found in time
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 10_000,
  everyMs?: number,
): Promise<T> {
  const begin = performance.now();
  for (;;) {
    const found = await look();
    if (found) return found;
    const passed = performance.now() - begin;
    if (passed > ms) throw new Error(`not within ${ms / 1000} s: ${what}`);
    await (everyMs === undefined && passed < EAGER_MS ? turn() : sleep(everyMs ?? (passed < BRISK_MS ? 10 : 100)));
  }
}
