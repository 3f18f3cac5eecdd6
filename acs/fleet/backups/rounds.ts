// Rounds of backups: in each interval every device that fits a rule is asked for its configuration once, a few at a time. The progress of
// a round is a document, from which another process can continue; a device that was asked already is not asked again.

import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import { UserError } from '../../errors.ts';
import type { FleetContext } from '../common/context.ts';
import type { Tasks } from '../tasks/tasks.ts';
import { type BackupRule, CONFIGURATION, filterOf, type Turn, turnAt } from './rule.ts';

/** Milliseconds between two steps of a round. */
export const STEP_MS = 60_000;
/** Part of the time in which devices are asked: the rest is for those that come late. */
const ASKING = 0.8;
const PAGE = 500;
/** Tasks that are written at once. */
const BATCH = 50;
/** Devices that one step asks at most. */
const MAX_STEP = 5000;

export interface RoundState {
  /** Begin of the interval, milliseconds. */
  round: number;
  /** Devices that fitted when it began. */
  total: number;
  asked: number;
  /** The id of the last device that was looked at. */
  after: string;
  ended?: number;
}

export class BackupRounds {
  readonly #context: FleetContext;
  readonly #tasks: Tasks;

  constructor(context: FleetContext, tasks: Tasks) {
    this.#context = context;
    this.#tasks = tasks;
  }

  async stateOf(name: string): Promise<RoundState | undefined> {
    return (await this.#context.store.document<RoundState>('backupState', name))?.body;
  }

  /** Asks the devices whose time has come. A step that was cut off is done again. */
  async step(name: string, rule: BackupRule): Promise<void> {
    const { store, clock } = this.#context;
    const now = clock.now();
    const turn = turnAt(rule, now);
    if (!turn) return;
    let state = await this.stateOf(name);
    if (state?.round !== turn.round)
      state = { round: turn.round, total: await store.countDevices(filterOf(rule), now), asked: 0, after: '' };
    if (state.ended !== undefined) return;
    const next = await this.#ask(name, rule, state, turn);
    await store.putDocument('backupState', name, next);
  }

  async #ask(name: string, rule: BackupRule, state: RoundState, turn: Turn): Promise<RoundState> {
    const { store, clock } = this.#context;
    const now = clock.now();
    const due = dueNow(state, turn, now);
    let { asked, after } = state;
    for (let left = due; left > 0; ) {
      const limit = Math.min(left, PAGE);
      const filter = { op: 'and' as const, of: [filterOf(rule), idAfter(after)] };
      const { items } = await store.devices({ filter, sort: 'id', limit, now, only: ['id', 'tasks'] });
      for (let at = 0; at < items.length; at += BATCH)
        await Promise.all(items.slice(at, at + BATCH).map(row => this.#queue(name, rule, row, turn)));
      asked += items.length;
      after = items.at(-1)?.id ?? after;
      if (items.length < limit) return { ...state, asked, after, ended: clock.now() };
      left -= items.length;
    }
    return { ...state, asked, after };
  }

  async #queue(rule: string, { fileType = CONFIGURATION }: BackupRule, row: DeviceRow, turn: Turn): Promise<void> {
    const { clock, log } = this.#context;
    const now = clock.now();
    const isOpen = ({ backup, expires = now }: Task): boolean => backup?.rule === rule && expires > now;
    if (row.tasks.some(isOpen)) return;
    const seconds = Math.max(60, Math.round((turn.until - now) / 1000));
    const input = { method: 'Upload', args: { FileType: fileType }, backup: { rule }, expiresIn: seconds };
    try {
      await this.#tasks.add(row.id, input);
    } catch (error) {
      if (!(error instanceof UserError) || error.status >= 500) throw error;
      // Too many tasks are open on it, or it was removed: the next round asks again.
      log.debug('backup not queued', { device: row.id, rule, error });
    }
  }
}

/** @returns devices to ask in this step, so that all have been asked before the turn is over */
function dueNow({ total, asked }: RoundState, { until }: Turn, now: number): number {
  const steps = Math.max(1, Math.floor(((until - now) * ASKING) / STEP_MS));
  return Math.min(MAX_STEP, Math.max(1, Math.ceil((total - asked) / steps)));
}

const idAfter = (id: string) => ({
  op: 'compare' as const,
  field: { kind: 'text' as const, name: 'id' },
  test: '>' as const,
  value: { as: 'text' as const, text: id },
});
