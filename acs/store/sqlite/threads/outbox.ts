// Requests on their way to a thread: those of one turn go in one message, those that the thread does in groups in as few as it can use.
import type { Clock, Timer } from '../../../../shared/clock.ts';
import type { Batch, Packing } from './batch.ts';

/** How long patient requests wait for company. */
const PATIENCE_MS = 4;

/** Shortest time from the end of one group to the next once several requests come at a time; a lone one goes at once. */
const GROUP_MS = 5;
const CROWD = 3;

export interface Outbox<R> {
  add(number: number, request: R): void;
  /** So many have an outcome. */
  returned(count: number): void;
  /** Sends what there is. */
  flush(): void;
}

export function createOutbox<R>(
  send: (batch: Batch) => void,
  { pack, isPatient, grouped }: Packing<R>,
  clock: Clock,
): Outbox<R> {
  let gathered: Batch = [];
  /** Those of them that are due: somebody waits for them, or they have waited for company long enough. */
  let due = 0;
  let away = 0;
  const last = { size: 0, ended: Number.NEGATIVE_INFINITY };
  let scheduled = false;
  let patience: Timer | undefined;

  const flush = (): void => {
    patience?.cancel();
    patience = undefined;
    scheduled = false;
    due = 0;
    if (gathered.length === 0) return;
    last.size = gathered.length / 3;
    away += last.size;
    send(gathered);
    gathered = [];
  };
  const schedule = (): void => {
    if (scheduled || due === 0 || (grouped && away > 0)) return;
    scheduled = true;
    const lone = !grouped || Math.max(last.size, due) < CROWD;
    const wait = lone ? 0 : last.ended + GROUP_MS - clock.monotonic();
    if (wait <= 0) setImmediate(flush);
    else clock.after(wait, flush);
  };
  const becameDue = (): void => {
    due++;
    schedule();
  };
  return {
    flush,
    add: (number, request) => {
      // Made into text at once: what the caller changes afterwards is not what it asked for.
      const [json, bulk] = pack(request);
      gathered.push(number, json, typeof bulk === 'object' ? new Uint8Array(bulk) : bulk);
      if (isPatient?.(request)) patience ??= clock.after(PATIENCE_MS, becameDue);
      else becameDue();
    },
    returned: count => {
      away -= count;
      last.ended = clock.monotonic();
      schedule();
    },
  };
}
