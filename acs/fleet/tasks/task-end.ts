// The wait for the end of a task.
import type { Clock } from '../../../shared/clock.ts';
import type { Task } from '../../device/task.ts';
import type { AcsEvents } from '../../events.ts';
import type { FleetContext } from '../common/context.ts';

/** Milliseconds between two looks at a task that may end in another process. */
const LOOK_MS = 1_000;

export const isEnded = ({ state }: Task): boolean => state === 'done' || state === 'failed' || state === 'cancelled';

interface Awaited {
  device: string;
  ms: number;
  signal: AbortSignal | undefined;
  /** Reads the task. */
  get: () => Promise<Task>;
}

/** Resolves with the task once it has ended, or as it is after `ms` or at the signal. */
export async function taskEnd(
  { clock, events, members }: FleetContext,
  { device, ms, signal, get }: Awaited,
): Promise<Task> {
  const { id } = await get();
  const over = new AbortController();
  const end = (): void => over.abort();
  const timer = clock.after(ms, end);
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  const unfollow = events.follow(device, (name, event) => {
    if (name !== 'task') return;
    const { task } = event as AcsEvents['task'];
    if (task.id === id && isEnded(task)) end();
  });
  try {
    for (;;) {
      const task = await get();
      if (isEnded(task)) return task;
      if (over.signal.aborted) return await get();
      // Another process announces the end of a task, unless it is just ending too.
      await sleep(clock, members.alone ? ms : LOOK_MS, over.signal);
    }
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', end);
    unfollow();
  }
}

/** Sleeps until the signal at the latest. */
async function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
