// The watch over a program under test, which tells its parent, some times a second, how long turns of its event loop take and how much
// memory it has. Nothing of it keeps the program alive.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Beat {
  /** Processor time of the longest turn of the event loop since the last beat, milliseconds. */
  turnMs: number;
  /** The longest one by the clock: waiting for a processor and for the disk is in it. */
  wallMs: number;
  rss: number;
  /** Heap and buffers; after a collection where `settled`. */
  used: number;
  settled: boolean;
}

const TICK_MS = 20;
const BEAT_MS = 200;

/** Processor time of the main thread, milliseconds: the work of others on this machine is not in it. */
export function threadTime(pid: number | 'self'): number | undefined {
  try {
    const id = pid === 'self' ? process.pid : pid;
    return Number(readFileSync(`/proc/${id}/task/${id}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return undefined; // Another system than Linux.
  }
}

const processTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export function watchLoop(): void {
  const time = (): number => threadTime('self') ?? processTime();
  let collect: (() => void) | undefined;
  let turnMs = 0;
  let wallMs = 0;
  let lastAt = performance.now();
  let lastTime = time();
  let beatAt = lastAt;
  const send = (settled: boolean): void => {
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send?.(
      { turnMs, wallMs, rss, used: heapUsed + external, settled } satisfies Beat,
      undefined,
      undefined,
      () => undefined,
    );
    turnMs = 0;
    wallMs = 0;
  };
  setInterval(() => {
    const now = performance.now();
    const spent = time();
    // A tick on time had turns shorter than itself.
    if (now - lastAt > 2 * TICK_MS) turnMs = Math.max(turnMs, Math.min(spent - lastTime, now - lastAt));
    wallMs = Math.max(wallMs, now - lastAt - TICK_MS);
    lastAt = now;
    lastTime = spent;
    if (now - beatAt < BEAT_MS) return;
    beatAt = now;
    send(false);
  }, TICK_MS).unref();
  process.on('message', message => {
    if (message !== 'settle') return;
    setFlagsFromString('--expose-gc');
    collect ??= runInNewContext('gc') as () => void;
    collect();
    collect();
    // The collection itself is no turn of the program.
    lastTime = time();
    lastAt = performance.now();
    send(true);
  });
  process.channel?.unref();
}
