// Backups of configurations: rules that ask for them, the versions of each device, and the way back.

import { UserError } from '../../errors.ts';
import type { Edit } from '../../store/edit.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';
import type { Schedule } from '../common/schedule.ts';
import type { Tasks } from '../tasks/tasks.ts';
import { compareTexts, type Difference } from './difference.ts';
import { BackupRounds, type RoundState, STEP_MS } from './rounds.ts';
import { type BackupRule, checkRule } from './rule.ts';
import { BackupTransfers } from './transfers.ts';
import { BackupVersions, sweepBackups } from './versions.ts';

const MAX_RULES = 50;

export interface RuleView extends BackupRule {
  name: string;
  round?: RoundState;
}

export class Backups {
  readonly #context: FleetContext;
  readonly #rules: Documents<BackupRule>;
  readonly #rounds: BackupRounds;
  readonly versions: BackupVersions;
  readonly transfers: BackupTransfers;

  constructor(context: FleetContext, tasks: Tasks) {
    this.#context = context;
    this.#rounds = new BackupRounds(context, tasks);
    this.versions = new BackupVersions(context);
    this.#rules = documents(context, 'backupRule', {
      missing: name => new UserError(404, 'no-such-backup-rule', `no backup rule '${name}'`),
      validate: checkRule,
      limit: {
        most: MAX_RULES,
        reached: count => new UserError(409, 'too-many-backup-rules', `there are ${count} backup rules already`),
      },
    });
    const { versions } = this;
    this.transfers = new BackupTransfers(context, { tasks, rules: this.#rules, versions });
    context.events.on('removed', ({ device }) => {
      const failed = (error: unknown): void => context.log.warn('backups of a device not deleted', { device, error });
      void versions.forget(device).catch(failed);
    });
  }

  async list(): Promise<RuleView[]> {
    const rules = await this.#rules.list();
    return await Promise.all(rules.map(({ name, body }) => this.#view(name, body)));
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<RuleView> {
    return await this.#view(name, (await this.#rules.get(name)).body);
  }

  /** @returns whether it is new @throws UserError 400 that names the place, 409, 412 */
  put(name: string, rule: BackupRule, edit?: Edit): Promise<boolean> {
    return this.#rules.put(name, rule, edit);
  }

  /** The versions that it has made stay. @throws UserError 404, 412 */
  async remove(name: string, edit?: Edit): Promise<void> {
    await this.#rules.remove(name, false, edit);
    await this.#context.store.deleteDocument('backupState', name);
  }

  /** Asks devices by the rules; one process at a time. */
  run(schedule: Schedule): void {
    schedule.every('backups', STEP_MS, async () => {
      if (this.#context.store.generation('backupRule') === 0) return;
      for (const { name, body } of await this.#rules.list()) await this.#rounds.step(name, body);
    });
  }

  /** Compares the newest version with the one before where no others are named. @throws UserError 404 */
  async compare(device: string, { from, to }: { from?: number; to?: number }): Promise<Difference> {
    const { versions } = this;
    const numbers = (await versions.of(device)).map(({ n }) => n);
    const later = to ?? numbers.at(-1) ?? 0;
    const earlier = from ?? numbers.findLast(n => n < later) ?? later;
    const sides = [await versions.get(device, earlier), await versions.get(device, later)] as const;
    return await compareTexts(...sides, version => versions.open(version));
  }

  /** Deletes what a broken end has left. */
  readonly sweep = (): Promise<void> => sweepBackups(this.#context, this.versions);

  async #view(name: string, rule: BackupRule): Promise<RuleView> {
    const round = await this.#rounds.stateOf(name);
    return { name, ...rule, ...(round ? { round } : {}) };
  }
}
