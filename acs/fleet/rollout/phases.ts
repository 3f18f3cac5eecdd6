// The phases of a rollout: what one step does in each of them.
import type { RolloutState } from '../../device/rollout-position.ts';
import { assignAll } from './assign.ts';
import { authorOf } from './author.ts';
import type { RolloutContext } from './context.ts';
import { inState } from './devices.ts';
import type { StoredRollout } from './documents.ts';
import { judgeAll } from './many-positions.ts';
import { Offers } from './offer.ts';
import { isSampleDue, sampled } from './pace.ts';
import { isEnded, isWaitOver, type Rollout, waitMsOf } from './plan.ts';
import { countTotals } from './progress.ts';
import { rollBackAll } from './rollback.ts';
import { limitPassed } from './waves.ts';

const inFlight: readonly RolloutState[] = ['offered', 'downloading', 'installed'];

export class RolloutPhases {
  readonly #context: RolloutContext;
  readonly #offers: Offers;

  constructor(context: RolloutContext) {
    this.#context = context;
    this.#offers = new Offers(context);
  }

  /** Moves the rollout on as far as it can be now. @returns whether there may be more to do at once */
  async advance(stored: StoredRollout): Promise<boolean> {
    const { phase, planned, id } = stored.body;
    if (phase === 'deleting') return await remove(this.#context, id);
    if (isEnded(stored.body)) return await this.#late(stored);
    if (phase === 'waiting-for-approval') return false;
    if (phase === 'paused') {
      await withdraw(this.#context, id);
      return false;
    }
    if (phase === 'aborted') return await abort(this.#context, stored);
    if (planned === undefined) return await assignAll(this.#context, stored);
    return phase === 'rolling-back' ? await this.#rollBack(stored) : await this.#run(stored);
  }

  async stop(): Promise<void> {
    await this.#offers.stop();
  }

  /** A rollout that has ended updates devices that were away when they return. */
  async #late(stored: StoredRollout): Promise<boolean> {
    const { id, sizes, waiting = 0 } = stored.body;
    if (waiting === 0 || (await authorOf(this.#context, stored.body)) === 'gone') return false;
    if (await this.#offer(stored, sizes.length)) return true;
    const { devices, documents } = this.#context;
    if ((await devices.countIn(id, ['planned', ...inFlight, 'soaking'])) > 0) return false;
    const totals = await countTotals(devices, id, sizes.length);
    await documents.change(stored, { waiting: 0, totals }, 'no device is waiting any more');
    return false;
  }

  async #run(stored: StoredRollout): Promise<boolean> {
    const { body } = stored;
    if ((await authorOf(this.#context, body)) === 'gone') return await pauseForRights(this.#context, stored);
    if (await sample(this.#context, stored)) return true;
    const reason = await failureLimitPassed(this.#context, body);
    if (reason === undefined)
      return (await this.#offer(stored, body.wave)) || (await openNextWave(this.#context, stored));
    const phase = body.failure.action === 'pause' ? 'paused' : 'rolling-back';
    await this.#context.documents.change(stored, { phase, reason }, `${phase}: ${reason}`);
    return true;
  }

  async #rollBack(stored: StoredRollout): Promise<boolean> {
    if (await rollBackAll(this.#context, stored)) return true;
    const { body } = stored;
    return (await this.#offer(stored, body.sizes.length)) || (await endIfIdle(this.#context, stored, 'rolled-back'));
  }

  /** @param wave offers go to waves up to this one */
  async #offer(stored: StoredRollout, wave: number): Promise<boolean> {
    const { id, parallelism } = stored.body;
    const room = parallelism - (await this.#context.devices.countIn(id, inFlight));
    return await this.#offers.offer(stored, wave, room);
  }
}

/** Notes how many devices have ended, for its pace. @returns whether it has changed the rollout */
async function sample({ devices, documents, clock }: RolloutContext, stored: StoredRollout): Promise<boolean> {
  const { body } = stored;
  if (!isSampleDue(body, clock.now())) return false;
  const samples = sampled(body, { time: clock.now(), ended: await devices.countIn(body.id, ['done', 'failed']) });
  if (samples) await documents.change(stored, { samples });
  return samples !== undefined;
}

/** Pauses a rollout whose author may not create rollouts any more; an operator who may resumes it. */
async function pauseForRights({ documents }: RolloutContext, stored: StoredRollout): Promise<true> {
  const reason = `its author '${stored.body.author?.name}' may not create rollouts any more`;
  await documents.change(stored, { phase: 'paused', reason }, `paused: ${reason}`);
  return true;
}

/** Takes offers back from devices that have not begun. */
export async function withdraw(context: RolloutContext, id: string): Promise<void> {
  await judgeAll(context, inState(id, 'offered'), { id, from: ['offered'], state: 'planned', reason: 'withdrawn' });
}

/** @returns why the rollout must stop: more devices have failed than its plan allows */
async function failureLimitPassed({ devices }: RolloutContext, rollout: Rollout): Promise<string | undefined> {
  const { id, wave } = rollout;
  const total = await devices.count(id, 'failed');
  if (total === 0) return undefined;
  return limitPassed(rollout, { total, ofWave: await devices.count(id, 'failed', wave) });
}

/** Takes offers back from devices that have not been heard since, for as long as the rollout waits for absent ones. */
async function withdrawUnheard({ devices, clock }: RolloutContext, rollout: Rollout): Promise<void> {
  const { id } = rollout;
  const now = clock.now();
  await devices.sweep(inState(id, 'offered'), async row => {
    const offered = row.rollout?.times.offered ?? now;
    if ((row.lastInform ?? 0) > offered || now < offered + waitMsOf(rollout)) return;
    await devices.judgeAndAnnounce(row.id, { id, from: ['offered'], state: 'planned', reason: 'was not heard' });
  });
}

/** Devices that are online and whose turn it is wait for an offer, for instance because their window is closed. */
async function isAnyReachable({ devices }: RolloutContext, { id, zones }: Rollout, wave: number): Promise<boolean> {
  for (const zone of zones) if ((await devices.waiting(id, zone, wave, 1)).length > 0) return true;
  return false;
}

/** @returns whether the next wave was opened, or the rollout has ended */
async function openNextWave(context: RolloutContext, stored: StoredRollout): Promise<boolean> {
  const { id, wave, sizes } = stored.body;
  const { devices, documents } = context;
  const isOver = isWaitOver(stored.body, context.clock.now());
  if (isOver) await withdrawUnheard(context, stored.body);
  if ((await devices.countIn(id, [...inFlight, 'soaking'], wave)) > 0) return false;
  if (await isAnyReachable(context, stored.body, wave)) return false;
  // Devices that are offline do not hold up the others; but a wave of which none was online has tried nothing out until its time is over.
  const isTried =
    isOver ||
    (await devices.countIn(id, ['done', 'failed'], wave)) > 0 ||
    (await devices.count(id, 'planned', wave)) === 0;
  if (wave >= sizes.length || !isTried) return await endIfIdle(context, stored, 'done');
  await documents.change(stored, { wave: wave + 1 }, `wave ${wave + 1} of ${sizes.length} is open`);
  return true;
}

/** Ends the rollout when no device is in flight and none is planned, or those that are have stayed away. @returns whether it has ended */
async function endIfIdle(context: RolloutContext, stored: StoredRollout, phase: Rollout['phase']): Promise<boolean> {
  const { devices, documents, clock } = context;
  const { id, sizes } = stored.body;
  const isOver = isWaitOver(stored.body, clock.now());
  if (isOver) await withdrawUnheard(context, stored.body);
  if ((await devices.countIn(id, [...inFlight, 'soaking'])) > 0) return false;
  const waiting = await devices.count(id, 'planned');
  if (waiting > 0 && (!isOver || (await isAnyReachable(context, stored.body, sizes.length)))) return false;
  const totals = await countTotals(devices, id, sizes.length);
  const failures = totals.reduce((sum, { failed }) => sum + failed, 0);
  const text = `ended: ${phase}, ${failures} failed${waiting > 0 ? `, ${waiting} waiting` : ''}`;
  await documents.change(stored, { phase, ended: clock.now(), totals, waiting }, text);
  return true;
}

/** Skips the devices of a rollout that was aborted, in one of the states before they begin. */
export async function skipAborted(context: RolloutContext, id: string, state: 'offered' | 'planned'): Promise<void> {
  const reason = 'aborted before it was its turn';
  await judgeAll(context, inState(id, state), { id, from: [state], state: 'skipped', reason });
}

async function abort(context: RolloutContext, stored: StoredRollout): Promise<boolean> {
  // Offers first: these devices might begin.
  for (const state of ['offered', 'planned'] as const) await skipAborted(context, stored.body.id, state);
  return await endIfIdle(context, stored, 'aborted');
}

async function remove({ devices, documents, store }: RolloutContext, id: string): Promise<false> {
  await devices.sweep(`rollout = "${id}"`, row => store.apply(row.id, 'rolloutReleased', { id, forget: true }));
  await documents.remove(id);
  return false;
}
