// Verdicts on positions that are due: whether a device that runs its new version is well, and what the silence of another one means.
import { livenessOf } from '../../device/liveness.ts';
import type { DeviceOperations } from '../../device/operation-types.ts';
import type { DeviceRow } from '../../device/row.ts';
import { pathsOf } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import { toPredicate } from '../../query/predicate.ts';
import type { Store } from '../../store/store.ts';
import type { Rollout } from './plan.ts';

export type Verdict = Omit<DeviceOperations['rolloutJudged']['args'], 'id' | 'now'>;

/** @param since faults count from then @returns why the device is not well; undefined when it is */
export async function ailment(
  row: DeviceRow,
  { online, noFault, filter }: Rollout['success'],
  store: Store,
  now: number,
  since = row.rollout?.times.offered ?? row.rollout?.times.planned ?? 0,
): Promise<string | undefined> {
  if (online && livenessOf(row, now) !== 'online') return 'not online at the end of its soak time';
  const fault = noFault ? row.faults.find(({ first }) => first >= since) : undefined;
  if (fault) return `a new fault: ${fault.cause}: ${fault.message}`;
  if (filter === undefined) return undefined;
  const test = parseFilter(filter);
  const tree = new Map<string, string>();
  for (const path of pathsOf(test))
    for (const known of await store.parameters(row.id, path)) tree.set(known.path, known.value);
  return toPredicate(test)(row, now, path => tree.get(path)) ? undefined : `does not hold: ${filter}`;
}

const hours = (ms: number): string => `${Math.round(ms / 36_000) / 100} h`;

/** @returns the verdict on a position that is due; undefined where it is left as it is */
export async function verdictOn(
  row: DeviceRow,
  rollout: Rollout | undefined,
  store: Store,
  now: number,
): Promise<Verdict | undefined> {
  const position = row.rollout;
  if (!position) return undefined;
  const { state, timeoutMs, until, times } = position;
  const silent = (what: string): Verdict => ({
    from: [state],
    state: 'failed',
    reason: `${what} within ${hours(timeoutMs)}`,
    cause: 'transfer',
  });
  if (state === 'downloading') return silent('no contact');
  if (state === 'installed') return silent('no complete session with the new version');
  if (state === 'offered') {
    const isHeard = (row.lastInform ?? 0) > (times.offered ?? 0);
    const isOver = until !== undefined && now >= until;
    const [fault] = row.faults;
    if (isHeard && !isOver) return silent(`no Download could begin${fault ? ` (${fault.message})` : ''}`);
    return { from: ['offered'], state: 'planned', reason: isOver ? 'window closed' : 'did not inform' };
  }
  // A device that soaks while all go back is rolled back as it is.
  if (state !== 'soaking' || rollout?.phase === 'rolling-back') return undefined;
  const reason = rollout && (await ailment(row, rollout.success, store, now));
  return reason === undefined
    ? { from: ['soaking'], state: 'done' }
    : { from: ['soaking'], state: 'failed', reason, cause: 'health' };
}
