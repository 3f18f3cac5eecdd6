// Rollouts of firmware as an operator sees them: planned, watched, stopped and turned round. They only move what devices want, in waves;
// the way to a Download is reconcile's alone.
import { UserError } from '../../../shared/errors.ts';
import type { RolloutState } from '../../device/rollout-position.ts';
import type { DeviceRow } from '../../device/row.ts';
import { parseFilter } from '../../query/parser.ts';
import type { Schedule } from '../cluster/schedule.ts';
import type { FleetContext } from '../common/context.ts';
import type { Files } from '../files/files.ts';
import type { StoredRollout } from './context.ts';
import { each, type SweptRow } from './devices.ts';
import { createEngine } from './engine.ts';
import { isEnded, planOf, type Rollout, type RolloutInput, type RolloutPhase, type Totals } from './plan.ts';
import { createLive, type LiveRollout } from './progress.ts';
import { previousImage } from './rollback.ts';

export type { Rollout, RolloutInput } from './plan.ts';

export const rolloutActions = ['pause', 'resume', 'abort', 'retry', 'rollback'] as const;
export type RolloutAction = (typeof rolloutActions)[number];

export interface DevicesQuery {
  state?: RolloutState;
  wave?: number;
  limit: number;
  cursor?: string;
}

export interface Rollouts {
  create(input: RolloutInput): Promise<Rollout>;
  list(): Promise<Rollout[]>;
  get(id: string): Promise<Rollout>;
  /** By wave, from 0: skipped at once. */
  totals(rollout: Rollout): Promise<Totals[]>;
  /** Those that have not ended, with their devices by state: as it was up to a few seconds ago. */
  live(): Promise<LiveRollout[]>;
  devices(id: string, query: DevicesQuery): Promise<{ items: DeviceRow[]; next?: string }>;
  /** @param devices of `retry`: these alone @throws UserError 404, 409 where it is not the time for it */
  act(id: string, action: RolloutAction, devices?: string[]): Promise<Rollout>;
  /** What it wanted counts no more. @throws UserError 404, 409 while it is under way */
  remove(id: string): Promise<void>;
  /** Rollouts that want a stored file. */
  usersOf(file: string): Promise<string[]>;
  /** Whether a device that has an offer may act on it: a paused rollout's counts no more. */
  isOffering(row: DeviceRow): Promise<boolean>;
  /** What a session has changed of a device's position; @param before as it was when the session began */
  noticed(row: DeviceRow, before?: number): void;
  /** There may be something to do: it is looked at before long, here or where that is the duty of another process. */
  soon(): void;
  /** Begins to move rollouts on. */
  run(schedule: Schedule): void;
  stop(): Promise<void>;
}

/** How often rollouts are looked at without an occasion, and without a time that was known before: windows open so. */
const TICK_MS = 60_000;

const refuse = (code: string, text: string): UserError => new UserError(409, code, text);

const howItEnds = ({ phase }: Rollout): string =>
  phase === 'aborted' ? 'devices that are under way are awaited' : 'abort it first';

export function createRollouts(fleet: FleetContext, files: Files): Rollouts {
  const { store, clock, random, events } = fleet;
  const engine = createEngine(fleet, files);
  const { rows, change } = engine;
  let soon = fleet.ports.rolloutMoved ?? (() => undefined);

  const standing = async (id: string): Promise<StoredRollout> => {
    const found = await store.document<Rollout>('rollout', id);
    if (!found || found.body.phase === 'deleting') throw new UserError(404, 'no-such-rollout', `no rollout '${id}'`);
    return found;
  };

  /** Does what it does with the rollout as it stands, again where somebody else changed it meanwhile. */
  const changing = async (id: string, act: (found: StoredRollout) => Promise<StoredRollout>): Promise<Rollout> => {
    for (;;) {
      try {
        return (await act(await standing(id))).body;
      } catch (error) {
        if (!(error instanceof UserError && error.code === 'changed-meanwhile')) throw error;
      }
    }
  };

  const must = ({ body: { id, phase } }: StoredRollout, action: string, ...phases: RolloutPhase[]): void => {
    if (!phases.includes(phase))
      throw refuse('wrong-phase', `rollout '${id}' is ${phase}: there is nothing to ${action}`);
  };

  const withoutEnd = (found: StoredRollout): StoredRollout => {
    const { ended: _ended, totals: _totals, reason: _reason, ...body } = found.body;
    return { ...found, body };
  };

  const resume = async (found: StoredRollout): Promise<StoredRollout> => {
    must(found, 'resume', 'paused');
    const { id, wave, planned } = found.body;
    const pardoned = {
      total: await rows.count(id, 'failed'),
      wave: await rows.count(id, 'failed', wave),
      ofWave: wave,
    };
    return await change(
      withoutEnd(found),
      { phase: planned === undefined ? 'planning' : 'running', pardoned },
      'resumed',
    );
  };

  const retry = async (found: StoredRollout, devices?: string[]): Promise<StoredRollout> => {
    must(found, 'retry', 'running', 'paused', 'rolling-back', 'done', 'aborted', 'rolled-back');
    const { id, phase } = found.body;
    const again = async (device: string): Promise<boolean> =>
      (await rows.judge(device, { id, from: ['failed'], state: 'planned', reason: 'to be tried again' })) !== undefined;
    let count = 0;
    if (devices) count = (await each(devices, again)).filter(Boolean).length;
    else
      await rows.sweep(`rollout = "${id}" and rolloutState = "failed"`, async row => {
        if (await again(row.id)) count++;
      });
    // An earlier call may have done it and not have come to tell.
    if (count === 0 && (await rows.count(id, 'planned')) === 0)
      throw refuse('nothing-failed', `rollout '${id}' has no failed device${devices ? ' among these' : ''}`);
    const isBack = phase === 'rolled-back' || phase === 'rolling-back';
    const next = phase === 'paused' ? 'paused' : isBack ? 'rolling-back' : 'running';
    return await change(withoutEnd(found), { phase: next }, `${count} are tried again`);
  };

  /** Whether any device could go back. */
  const hasImages = async (id: string): Promise<boolean> => {
    const stored = await files.list();
    const couldGo = (row: SweptRow): boolean =>
      row.softwareVersion === row.rollout?.version && previousImage(row, stored) !== undefined;
    for (const state of ['done', 'soaking', 'installed', 'failed'] as const)
      if (await rows.some(`rollout = "${id}" and rolloutState = "${state}"`, couldGo)) return true;
    return false;
  };

  const rollBack = async (found: StoredRollout): Promise<StoredRollout> => {
    must(found, 'roll back', 'running', 'paused', 'done', 'aborted');
    const { id, firmware } = found.body;
    if (!(await hasImages(id)))
      throw refuse(
        'no-previous-image',
        `rollout '${id}': no device that runs ${firmware.version} has a stored image of what it ran before (PUT /files/NAME?type=firmware&version=…)`,
      );
    return await change(withoutEnd(found), { phase: 'rolling-back' }, 'rolled back');
  };

  const acts: Record<RolloutAction, (found: StoredRollout, devices?: string[]) => Promise<StoredRollout>> = {
    pause: async found => {
      must(found, 'pause', 'planning', 'running');
      const paused = await change(found, { phase: 'paused' }, 'paused');
      // When this is answered no device begins any more.
      await engine.withdraw(found.body.id);
      return paused;
    },
    resume,
    abort: async found => {
      must(found, 'abort', 'planning', 'running', 'paused', 'rolling-back');
      return await change(found, { phase: 'aborted' }, 'aborted');
    },
    retry,
    rollback: rollBack,
  };

  return {
    create: async input => {
      const id = input.id ?? random.bytes(6).toString('hex');
      const rollout = planOf(input, await files.about(input.firmware), id, clock.now());
      try {
        await store.putDocument('rollout', id, rollout, 0);
      } catch (error) {
        if (!(error instanceof UserError && error.code === 'changed-meanwhile')) throw error;
        throw refuse('rollout-exists', `rollout '${id}' exists`);
      }
      events.emit('rollout', { rollout: id, state: rollout.phase, wave: rollout.wave });
      soon();
      return rollout;
    },
    list: async () =>
      (await store.documents<Rollout>('rollout'))
        .map(({ body }) => body)
        .filter(({ phase }) => phase !== 'deleting')
        .sort((a, b) => b.created - a.created || (a.id < b.id ? -1 : 1)),
    get: async id => (await standing(id)).body,
    totals: async rollout => {
      const now = await rows.totals(rollout.id, rollout.sizes.length);
      const sum = (totals: Totals[]): number =>
        totals.reduce((all, wave) => all + Object.values(wave).reduce((a, b) => a + b, 0), 0);
      // A later rollout may have taken devices over.
      return rollout.totals && sum(now) < sum(rollout.totals) ? rollout.totals : now;
    },
    live: createLive(store, clock, rows),
    devices: async (id, { state, wave, ...page }) => {
      const text = [
        `rollout = "${id}"`,
        ...(state === undefined ? [] : [`rolloutState = "${state}"`]),
        ...(wave === undefined ? [] : [wave === 0 ? 'not rolloutWave exists' : `rolloutWave = ${wave}`]),
      ].join(' and ');
      return await store.devices({ filter: parseFilter(text), now: clock.now(), ...page });
    },
    act: async (id, action, devices) => {
      const rollout = await changing(id, found => acts[action](found, devices));
      soon();
      return rollout;
    },
    remove: async id => {
      await changing(id, async found => {
        if (!isEnded(found.body))
          throw refuse(
            'rollout-live',
            `rollout '${id}' is ${found.body.phase} and has not ended: ${howItEnds(found.body)}`,
          );
        return await change(found, { phase: 'deleting' });
      });
      soon();
    },
    usersOf: async file =>
      (await store.documents<Rollout>('rollout'))
        .filter(({ body }) => body.phase !== 'deleting')
        .filter(({ body }) => body.firmware.file === file || body.back.includes(file))
        .map(({ name }) => name),
    isOffering: async row => {
      const found = row.rollout && (await store.document<Rollout>('rollout', row.rollout.id));
      const phase = found?.body.phase;
      return phase === 'running' || (phase === 'rolling-back' && row.rollout?.back === true);
    },
    noticed: (row, before) => {
      const position = row.rollout;
      if (!position || position.since === before) return;
      const { id: rollout, state, wave, reason } = position;
      events.emit('rollout', { rollout, device: row.id, state, wave, ...(reason === undefined ? {} : { reason }) });
      soon();
    },
    soon: () => soon(),
    run: schedule => {
      const duty = schedule.promptly('rollout', TICK_MS, {
        isDue: async () => store.generation('rollout') > 0 && (await store.documents('rollout')).length > 0,
        work: engine.step,
      });
      soon = duty.soon;
    },
    stop: engine.stop,
  };
}
