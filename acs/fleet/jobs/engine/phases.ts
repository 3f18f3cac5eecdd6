// The phases of a job: what one step of the engine does in each of them.
import type { JobPosition } from '../../../store/job-positions.ts';
import { Caller } from '../../access/caller.ts';
import { stranger } from '../../access/principal.ts';
import { changeSince } from '../../rollout/change-since.ts';
import { ConnectionRequests } from '../../rollout/connection-requests.ts';
import { isSampleDue, sampled } from '../../rollout/pace.ts';
import { isEnded, isWaitOver } from '../../rollout/plan.ts';
import { limitPassed, openZones } from '../../rollout/waves.ts';
import { authorOf } from '../author.ts';
import type { JobContext } from '../context.ts';
import type { StoredJob } from '../documents.ts';
import type { Job } from '../job.ts';
import { MOVES, type Move, movePair } from '../positions.ts';
import { isRemote } from '../steps/kinds.ts';
import { Tally } from '../tally.ts';
import { type Batch, beginAll } from './batches.ts';
import { withdrawal } from './course.ts';
import { settleDue } from './due.ts';
import { grow } from './growth.ts';
import { planAll } from './planning.ts';

/** Batches of devices that begin in one advance, so that other jobs have their turn. */
const MAX_BATCHES = 10;

export class JobPhases {
  readonly #context: JobContext;
  readonly #requests: ConnectionRequests;

  constructor(context: JobContext) {
    const { log } = context;
    this.#context = context;
    this.#requests = new ConnectionRequests(context, reason => log.debug('job connection requests failed', { reason }));
  }

  /** Moves the job on as far as it can be now. @returns whether there may be more to do at once */
  async advance(stored: StoredJob): Promise<boolean> {
    const { phase, planned, notBefore = 0 } = stored.body;
    if (phase === 'deleting') return await remove(this.#context, stored.body.id);
    if (phase === 'waiting-for-approval') return false;
    if (phase === 'paused' || phase === 'aborted') return await hold(this.#context, stored);
    if (planned === undefined) {
      const done = await planAll(this.#context, stored, changeSince(this.#context, stored, 'job'));
      return done !== undefined || (await this.#context.documents.find(stored.body.id)) !== undefined;
    }
    if (this.#context.clock.now() < notBefore) return false;
    return await this.#run(stored);
  }

  async stop(): Promise<void> {
    await this.#requests.stop();
  }

  async #run(stored: StoredJob): Promise<boolean> {
    const { body: job } = stored;
    if (isEnded(job) && (job.waiting ?? 0) === 0) return false;
    const { store, documents } = this.#context;
    const caller = await authorOf(this.#context, job);
    if ('gone' in caller) {
      if (isEnded(job)) return false;
      await documents.change(stored, { phase: 'paused', reason: caller.gone }, `paused: ${caller.gone}`);
      return true;
    }
    if (job.phase === 'rolling-back' && !job.turned) return await turnRound(this.#context, stored);
    const hasChanged = changeSince(this.#context, stored, 'job');
    const batch: Batch = { job, caller, tally: new Tally(await store.jobCounts(job.id)), isHeld: false };
    await settleDue(this.#context, batch, hasChanged);
    if ((await hasChanged()) || (await sample(this.#context, stored, batch.tally))) return true;
    if (await stopAtLimit(this.#context, stored, batch.tally)) return true;
    if (await this.#begin(batch, hasChanged)) return true;
    if (await stopAtLimit(this.#context, stored, batch.tally)) return true;
    if (await grow(this.#context, stored, hasChanged)) return true;
    return isEnded(job) ? await endLate(this.#context, stored, batch.tally) : await openNextWave(this.#context, stored);
  }

  /** Begins with the devices whose turn it is, as many as there is room for. @returns whether there may be more at once */
  async #begin(batch: Batch, hasChanged: () => Promise<boolean>): Promise<boolean> {
    let hasMore = false;
    for (const { zone } of openZones(batch.job, this.#context.clock.now()))
      hasMore = (await this.#beginIn(zone, batch, hasChanged)) || hasMore;
    return hasMore;
  }

  /** The same in one time zone. */
  async #beginIn(zone: string, batch: Batch, hasChanged: () => Promise<boolean>): Promise<boolean> {
    const { job, tally } = batch;
    const wave = isEnded(job) || job.phase === 'rolling-back' ? job.sizes.length : job.wave;
    for (let batches = 0; batches < MAX_BATCHES; batches++) {
      const room = isRemote(job.do) ? job.parallelism - tally.of(['running']) : MOVES;
      if (room <= 0) return false;
      if (await hasChanged()) return true;
      const positions = await this.#context.store.jobTurns({ job: job.id, zone, wave, limit: Math.min(room, MOVES) });
      if (positions.length === 0) return false;
      const { moved: count, waiting } = await beginAll(this.#context, batch, positions);
      if (job.wake) this.#requests.send(waiting);
      if (count === 0 || limitOf(job, tally) !== undefined) return true;
    }
    return true;
  }
}

/** Notes how many devices have ended, for its pace. @returns whether it has changed the job */
async function sample({ documents, clock }: JobContext, stored: StoredJob, tally: Tally): Promise<boolean> {
  const { body: job } = stored;
  if (job.phase !== 'running' || isEnded(job) || !isSampleDue(job, clock.now())) return false;
  const samples = sampled(job, { time: clock.now(), ended: tally.of(['done', 'failed']) });
  if (samples) await documents.change(stored, { samples });
  return samples !== undefined;
}

/** Plans each device that has something to undo again, with the steps that lead back; all others are left alone. */
async function turnRound(context: JobContext, stored: StoredJob): Promise<true> {
  const { positions, documents } = context;
  const { id } = stored.body;
  await withdrawAll(context, stored.body);
  const skip = { state: 'skipped', code: 'rolled-back', reason: 'rolled back before it was its turn' } as const;
  for (const state of ['planned', 'away'] as const)
    await positions.moveAll(id, state, position => (isTouched(position) ? back(position) : skip));
  for (const state of ['done', 'soaking', 'failed'] as const)
    await positions.moveAll(id, state, position => (isTouched(position) ? back(position) : undefined));
  await documents.change(stored, { turned: true });
  return true;
}

const isTouched = ({ body: { undo, back: isBack } }: JobPosition): boolean => undo !== undefined && !isBack;

const back = ({ body }: JobPosition): Move => ({
  state: 'planned',
  body: { step: 0, attempt: body.attempt + 1, back: true },
});

/** Begins nothing, and sees to its end what devices have begun. */
async function hold(context: JobContext, stored: StoredJob): Promise<boolean> {
  const { body: job } = stored;
  if (isEnded(job)) return false;
  const hasChanged = changeSince(context, stored, 'job');
  await withdrawAll(context, job);
  if (job.phase === 'aborted') await skipAborted(context, job);
  const tally = new Tally(await context.store.jobCounts(job.id));
  const caller = new Caller(context, stranger);
  await settleDue(context, { job, caller, tally, isHeld: true }, hasChanged);
  if (job.phase !== 'aborted' || (await hasChanged())) return false;
  await skipAborted(context, job);
  return await endIfIdle(context, stored, 'aborted');
}

const limitOf = (job: Job, tally: Tally): string | undefined =>
  isEnded(job) || job.phase === 'rolling-back'
    ? undefined
    : limitPassed(job, { total: tally.of(['failed']), ofWave: tally.of(['failed'], job.wave) });

/** @returns whether more devices have failed than the plan allows: then the job has stopped */
async function stopAtLimit({ documents }: JobContext, stored: StoredJob, tally: Tally): Promise<boolean> {
  const reason = limitOf(stored.body, tally);
  if (reason === undefined) return false;
  const phase = stored.body.failure.action === 'pause' ? 'paused' : 'rolling-back';
  await documents.change(stored, { phase, reason }, `${phase}: ${reason}`);
  return true;
}

/** Takes steps back that have not begun at their device. */
async function withdrawAll(context: JobContext, job: Job): Promise<void> {
  const { positions, clock } = context;
  for await (const items of positions.pages(job.id, 'running')) {
    const pairs = [];
    for (const position of items) {
      const move = await withdrawal(context, job, position, { state: 'planned' });
      if (move) pairs.push(movePair(position, move, clock.now()));
    }
    await positions.move(pairs);
  }
}

async function skipAborted({ positions }: JobContext, { id }: Job): Promise<void> {
  const move = { state: 'skipped', code: 'aborted', reason: 'aborted before it was its turn' } as const;
  for (const state of ['planned', 'away'] as const) await positions.moveAll(id, state, () => move);
}

const underWay = ['running', 'soaking'] as const;

/** @returns whether the next wave was opened, or the job has ended */
async function openNextWave(context: JobContext, stored: StoredJob): Promise<boolean> {
  const { body: job } = stored;
  const tally = new Tally(await context.store.jobCounts(job.id));
  const { wave, sizes } = job;
  if (job.phase === 'rolling-back') return await endIfIdle(context, stored, 'rolled-back');
  if (tally.of([...underWay, 'planned'], wave) > 0) return false;
  // A wave of which no device was there has tried nothing out until its time is over.
  const isTried =
    isWaitOver(job, context.clock.now()) || tally.of(['done', 'failed'], wave) > 0 || tally.of(['away'], wave) === 0;
  if (!isTried) return false;
  if (wave < sizes.length) {
    await context.documents.change(stored, { wave: wave + 1 }, `wave ${wave + 1} of ${sizes.length} is open`);
    return true;
  }
  return await endIfIdle(context, stored, 'done');
}

/** Ends the job when no device is under way and none is planned, or those that are have stayed away. @returns whether it has ended */
async function endIfIdle(context: JobContext, stored: StoredJob, phase: Job['phase']): Promise<boolean> {
  const { store, documents, clock } = context;
  const { body: job } = stored;
  if (job.dynamic && phase === 'done') return false;
  const tally = new Tally(await store.jobCounts(job.id));
  if (tally.of([...underWay, 'planned']) > 0) return false;
  const waiting = tally.of(['away']);
  if (waiting > 0 && !isWaitOver(job, clock.now())) return false;
  const failures = tally.of(['failed']);
  const text = `ended: ${phase}, ${failures} failed${waiting > 0 ? `, ${waiting} waiting` : ''}`;
  await documents.change(stored, { phase, ended: clock.now(), waiting }, text);
  return true;
}

/** Devices that had stayed away are done when they return, though the job has ended. */
async function endLate({ documents }: JobContext, stored: StoredJob, tally: Tally): Promise<boolean> {
  if (tally.of([...underWay, 'planned', 'away']) > 0) return false;
  await documents.change(stored, { waiting: 0 }, 'no device is waiting any more');
  return false;
}

async function remove({ documents, store }: JobContext, id: string): Promise<false> {
  await store.deleteJobPositions(id);
  await documents.remove(id);
  return false;
}
