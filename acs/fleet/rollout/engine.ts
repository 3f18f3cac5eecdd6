// What moves rollouts on: one step looks at what is due and does it. Every step may end anywhere and be done again: what counts is in the
// devices' rows and in the rollout's document, each changed in one write.
import { UserError } from '../../../shared/errors.ts';
import type { RolloutState } from '../../device/rollout-position.ts';
import { noticeId } from '../../store/notices.ts';
import type { Notice } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import type { Files } from '../files/files.ts';
import { assignAll } from './assign.ts';
import type { EngineContext, StoredRollout } from './context.ts';
import { createRows, type Rows, timedStates } from './devices.ts';
import { createOffering } from './offer.ts';
import { amountOf, isEnded, logged, type Rollout } from './plan.ts';
import { turnAll } from './rollback.ts';
import { verdictOn } from './verdict.ts';

export interface Engine {
  /** All that is due, of all rollouts. @returns when there is something to do again, milliseconds, as far as a time tells */
  step(): Promise<number | undefined>;
  change: EngineContext['change'];
  rows: Rows;
  /** Takes the wish back from devices that have not begun. */
  withdraw(rollout: string): Promise<void>;
  /** Nothing is begun any more. */
  stop(): Promise<void>;
}

const inFlight: readonly RolloutState[] = ['offered', 'downloading', 'installed'];
/** Turns of one step, each of which has moved something. */
const MAX_TURNS = 20;

export function createEngine(fleet: FleetContext, files: Files): Engine {
  const { store, clock, events, log } = fleet;
  let isStopped = false;
  const rows = createRows(store, clock);

  const change: EngineContext['change'] = async (standing, to, text) => {
    const before = standing.body;
    const body: Rollout = { ...before, ...to, log: text ? logged(before, clock.now(), text) : before.log };
    const moved = body.phase !== before.phase || body.wave !== before.wave;
    const notices = moved ? [noticeOf(body, clock.now())] : [];
    const generation = await store.putDocument('rollout', before.id, body, standing.generation, notices);
    if (moved) {
      const { id: rollout, phase: state, wave, reason } = body;
      events.emit('rollout', { rollout, state, wave, ...(reason === undefined ? {} : { reason }) });
      log.info('rollout', { rollout, state, wave, ...(reason === undefined ? {} : { reason }) });
    }
    return { ...standing, generation, body };
  };
  const tell: EngineContext['tell'] = (device, { id, state, wave, reason }) =>
    events.emit('rollout', { rollout: id, device, state, wave, ...(reason === undefined ? {} : { reason }) });
  const context: EngineContext = { ...fleet, files, rows, change, tell };
  const offering = createOffering(context);

  const judge = async (device: string, args: Parameters<Rows['judge']>[1]): Promise<void> => {
    const position = await rows.judge(device, args);
    if (position) tell(device, position);
  };

  /** Positions whose time has come, of whatever rollout. */
  const judgeDue = async (documents: readonly StoredRollout[]): Promise<void> => {
    const known = new Map(documents.map(({ body }) => [body.id, body]));
    for (const state of timedStates)
      await rows.due(state, async row => {
        const rollout = row.rollout?.id ?? '';
        const verdict = await verdictOn(row, known.get(rollout), store, clock.now());
        if (verdict !== undefined) await judge(row.id, { id: rollout, ...verdict });
      });
  };

  const withdraw = async (rollout: string): Promise<void> => {
    await rows.sweep(`rollout = "${rollout}" and rolloutState = "offered"`, row =>
      judge(row.id, { id: rollout, from: ['offered'], state: 'planned', reason: 'withdrawn' }),
    );
  };

  /** Of the devices of one rollout in any of these states. */
  const counted = async (rollout: string, states: readonly RolloutState[], wave?: number): Promise<number> => {
    const counts = await Promise.all(states.map(state => rows.count(rollout, state, wave)));
    return counts.reduce((sum, count) => sum + count, 0);
  };

  /** Why it must not go on as it is. */
  const tripped = async ({ id, failure, sizes, wave, pardoned }: Rollout): Promise<string | undefined> => {
    const total = await rows.count(id, 'failed');
    if (total === 0) return undefined;
    const ofWave = await rows.count(id, 'failed', wave);
    const passes = (share: Rollout['failure']['total'], failed: number, pardon: number, whole: number): boolean =>
      share !== undefined && failed - pardon > amountOf(share, whole, 'down');
    const whole = sizes.reduce((sum, size) => sum + size, 0);
    if (passes(failure.perWave, ofWave, pardoned.ofWave === wave ? pardoned.wave : 0, sizes[wave - 1] ?? 0))
      return `${ofWave} of wave ${wave} have failed; ${failure.perWave} are let pass`;
    if (passes(failure.total, total, pardoned.total, whole))
      return `${total} have failed; ${failure.total} are let pass`;
    return undefined;
  };

  const offer = async ({ body }: StoredRollout, wave = body.wave): Promise<boolean> =>
    await offering.offer(body, wave, body.parallelism - (await counted(body.id, inFlight)));

  /** @returns whether the next wave was opened, or all has ended */
  const advance = async (standing: StoredRollout): Promise<boolean> => {
    const { id, wave, sizes, zones } = standing.body;
    if ((await counted(id, [...inFlight, 'soaking'], wave)) > 0) return false;
    for (const zone of zones) if ((await rows.waiting(id, zone, wave, 1)).length > 0) return false;
    // Devices that are away do not hold up the others; but where nobody is there nothing has been tried out.
    const isTried = (await counted(id, ['done', 'failed'], wave)) > 0 || (await rows.count(id, 'planned', wave)) === 0;
    if (wave < sizes.length && isTried) {
      await change(standing, { wave: wave + 1 }, `wave ${wave + 1} of ${sizes.length} is open`);
      return true;
    }
    return await end(standing, 'done');
  };

  /** When no device is planned or under way. */
  const end = async (standing: StoredRollout, phase: Rollout['phase']): Promise<boolean> => {
    const { id, sizes } = standing.body;
    if ((await counted(id, ['planned', ...inFlight, 'soaking'])) > 0) return false;
    const totals = await rows.totals(id, sizes.length);
    const failures = totals.reduce((sum, { failed }) => sum + failed, 0);
    await change(standing, { phase, ended: clock.now(), totals }, `ended: ${phase}, ${failures} failed`);
    return true;
  };

  const run = async (standing: StoredRollout): Promise<boolean> => {
    const reason = await tripped(standing.body);
    if (reason === undefined) return (await offer(standing)) || (await advance(standing));
    const phase = standing.body.failure.action === 'pause' ? 'paused' : 'rolling-back';
    await change(standing, { phase, reason }, `${phase}: ${reason}`);
    return true;
  };

  const abort = async (standing: StoredRollout): Promise<boolean> => {
    const { id } = standing.body;
    for (const state of ['planned', 'offered'] as const)
      await rows.sweep(`rollout = "${id}" and rolloutState = "${state}"`, row =>
        judge(row.id, { id, from: [state], state: 'skipped', reason: 'aborted before it was its turn' }),
      );
    return await end(standing, 'aborted');
  };

  const rollBack = async (standing: StoredRollout): Promise<boolean> => {
    if (await turnAll(context, standing)) return true;
    return (await offer(standing, standing.body.sizes.length)) || (await end(standing, 'rolled-back'));
  };

  const remove = async ({ body: { id } }: StoredRollout): Promise<boolean> => {
    await rows.sweep(`rollout = "${id}"`, row => store.apply(row.id, 'rolloutReleased', { id, forget: true }));
    await store.deleteDocument('rollout', id);
    return false;
  };

  /** @returns whether there may be more to do at once */
  const turn = async (standing: StoredRollout): Promise<boolean> => {
    const { phase, planned, id } = standing.body;
    if (phase === 'deleting') return await remove(standing);
    if (isEnded(standing.body)) return false;
    if (phase === 'paused') return await withdraw(id).then(() => false);
    if (phase === 'aborted') return await abort(standing);
    if (planned === undefined) return await assignAll(context, standing);
    return phase === 'rolling-back' ? await rollBack(standing) : await run(standing);
  };

  /** @returns whether it has been left though there may be more to do */
  const stepOne = async (id: string): Promise<boolean> => {
    let more = true;
    try {
      for (let turns = 0; more && turns < MAX_TURNS && !isStopped; turns++) {
        const standing = await store.document<Rollout>('rollout', id);
        more = standing !== undefined && (await turn(standing));
      }
    } catch (error) {
      // An operator, or another process, was faster: the next step sees how it stands.
      if (!(error instanceof UserError && error.code === 'changed-meanwhile')) throw error;
    }
    return more;
  };

  return {
    change,
    rows,
    withdraw,
    step: async () => {
      const began = clock.now();
      const documents = await store.documents<Rollout>('rollout');
      if (documents.length > 0) await judgeDue(documents);
      let more = false;
      for (const { body } of documents) more = (await stepOne(body.id)) || more;
      // What was due by then and could not be judged waits for something else than time.
      return more ? began : await rows.nextDue(began);
    },
    stop: async () => {
      isStopped = true;
      await offering.stop();
    },
  };
}

/** What webhooks are told of a rollout that went on. */
function noticeOf({ id: rollout, phase: state, wave, reason }: Rollout, time: number): Notice {
  const data = { rollout, state, wave, ...(reason === undefined ? {} : { reason }) };
  return { id: noticeId('rollout', rollout, state, wave, time), type: 'rollout', time, data };
}
