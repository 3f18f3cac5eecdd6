// Positions whose time has come: a step that may have ended, the end of a soak, a device that may be back.
import { livenessOf } from '../../../device/liveness.ts';
import type { DeviceRow } from '../../../device/row.ts';
import type { JobPosition } from '../../../store/job-positions.ts';
import { ailment } from '../../rollout/verdict.ts';
import type { JobContext } from '../context.ts';
import type { Job } from '../job.ts';
import { MOVES, type Move, movePair } from '../positions.ts';
import { AWAY_MS, type Batch, moveNoted, proceedAll, rowsOf } from './batches.ts';
import { withdrawal } from './course.ts';

/** Looks at every position that is due. */
export async function settleDue(context: JobContext, batch: Batch, hasChanged: () => Promise<boolean>): Promise<void> {
  const { store, clock } = context;
  for (;;) {
    const due = await store.jobDue(batch.job.id, clock.now(), MOVES);
    if (due.length === 0 || (await hasChanged())) return;
    const rows = await rowsOf(
      context,
      due.map(({ device }) => device),
    );
    const isGone = ({ device, state }: JobPosition): boolean =>
      state === 'running' && isAbsent(rows.get(device), clock.now());
    const running = due.filter(position => position.state === 'running');
    const gone = running.filter(isGone);
    const stored = [
      ...(await moveNoted(context, batch.tally, await returned(context, batch.job, gone))),
      ...(await moveNoted(context, batch.tally, await judged(context, batch.job, due, rows))),
    ];
    const withdrawn = new Set(stored.map(({ device }) => device));
    stored.push(
      ...(await proceedAll(
        context,
        batch,
        running.filter(({ device }) => !withdrawn.has(device)),
      )),
    );
    // Whatever was changed meanwhile is due again in the next step of the engine.
    if (stored.length === 0) return;
  }
}

const isAbsent = (row: DeviceRow | undefined, now: number): boolean =>
  row?.lastInform !== undefined && livenessOf(row, now) !== 'online';

/** Devices that went away before their task left wait until they are back, and leave their place to others. */
async function returned(context: JobContext, job: Job, positions: readonly JobPosition[]) {
  const now = context.clock.now();
  const pairs = [];
  for (const position of positions) {
    if (position.body.task === undefined) continue;
    const move = await withdrawal(context, job, position, { state: 'away' });
    if (move) pairs.push(movePair(position, { ...move, due: now + AWAY_MS }, now));
  }
  return pairs;
}

async function judged(
  context: JobContext,
  job: Job,
  due: readonly JobPosition[],
  rows: ReadonlyMap<string, DeviceRow>,
) {
  const now = context.clock.now();
  const pairs = [];
  for (const position of due) {
    const move = await verdictOn(context, job, position, rows.get(position.device));
    if (move) pairs.push(movePair(position, move, now));
  }
  return pairs;
}

async function verdictOn(
  { store, clock }: JobContext,
  job: Job,
  { state, body }: JobPosition,
  row: DeviceRow | undefined,
): Promise<Move | undefined> {
  const now = clock.now();
  if (state === 'away') {
    const isBack = row === undefined || livenessOf(row, now) === 'online';
    return isBack ? { state: 'planned' } : { state: 'away', due: now + AWAY_MS };
  }
  if (state === 'running') return undefined;
  if (state !== 'soaking') return { state };
  if (!row) return { state: 'failed', code: 'no-such-device', reason: 'the device was removed' };
  const reason = await ailment(row, job.success, store, now, body.began);
  return reason === undefined ? { state: 'done' } : { state: 'failed', code: 'not-well', reason };
}
