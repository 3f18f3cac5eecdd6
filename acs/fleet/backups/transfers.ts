// The transfers of backups: a device sends its configuration, or gets a version back.
import type { Task } from '../../device/task.ts';
import { UserError } from '../../errors.ts';
import type { FleetContext } from '../common/context.ts';
import type { Documents } from '../common/documents.ts';
import type { Tasks } from '../tasks/tasks.ts';
import { type BackupRule, CONFIGURATION, turnAt } from './rule.ts';
import type { BackupVersion, BackupVersions } from './versions.ts';

/** Versions that are kept where an operator asks for a backup and no rule does. */
const KEEP = 10;
const DAY = 24 * 3_600_000;

interface Parts {
  tasks: Tasks;
  rules: Pick<Documents<BackupRule>, 'find' | 'list'>;
  versions: BackupVersions;
}

const causeOf = (rule: string | undefined): string => (rule === undefined ? 'backup' : `backup:${rule}`);

export class BackupTransfers {
  readonly #context: FleetContext;
  readonly #parts: Parts;

  constructor(context: FleetContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
    context.events.on('task', ({ task }) => {
      if (!task.backup || task.method !== 'Upload' || task.ended === undefined) return;
      const failed = (error: unknown): void => context.log.warn('end of a backup not noted', { task: task.id, error });
      void this.#ended(task).catch(failed);
    });
  }

  /** Queues a backup of one device. @throws UserError 404, 429 */
  begin(device: string, fileType = CONFIGURATION): Promise<Task> {
    return this.#parts.tasks.add(device, { method: 'Upload', args: { FileType: fileType }, backup: {} });
  }

  /** Queues the Download that gives a version back to the device. @throws UserError 404, 409 for what is no configuration, 429 */
  async restore(device: string, n: number): Promise<Task> {
    const version = await this.#parts.versions.get(device, n);
    if (!/ Vendor Configuration File( \d+)?$/.test(version.fileType))
      throw new UserError(
        409,
        'not-restorable',
        `backup ${n} is '${version.fileType}', which a device does not take back`,
      );
    const args = { FileType: '3 Vendor Configuration File', FileSize: version.size };
    return await this.#parts.tasks.add(device, { method: 'Download', args, backup: { version: n } });
  }

  /** Stores what a device sends for its task. @throws UserError 400, 413 */
  async receive(task: Task, content: AsyncIterable<Uint8Array>, announced: number): Promise<{ size: number }> {
    const rule = task.backup?.rule;
    const keep = rule === undefined ? undefined : (await this.#parts.rules.find(rule))?.body.keep;
    const all = keep === undefined ? (await this.#parts.rules.list()).map(({ body }) => body.keep) : [keep];
    const about = { keep: Math.max(...all, keep === undefined ? KEEP : 1), announced };
    const kind = { fileType: String(task.args.FileType), ...(rule === undefined ? {} : { rule }) };
    return await this.#parts.versions.put(task.device, content, { ...kind, ...about });
  }

  /** The version that the Download of a task fetches; undefined where it is no longer kept. */
  async versionOf({ device, backup }: Task): Promise<BackupVersion | undefined> {
    return (await this.#parts.versions.of(device)).find(({ n }) => n === backup?.version);
  }

  /** A device that refuses the Upload, or does not send it, has a fault until it sends one. */
  async #ended(task: Task): Promise<void> {
    const { store, clock, events } = this.#context;
    const cause = causeOf(task.backup?.rule);
    const { device, fault, state } = task;
    const now = clock.now();
    if (state === 'done') {
      if (await store.apply(device, 'faultCleared', { cause })) events.emit('faultCleared', { device, cause });
      return;
    }
    // One that was never sent is not refused: the device did not come, and the next round asks again.
    if (state !== 'failed' || !fault || task.started === undefined) return;
    const rule = task.backup?.rule === undefined ? undefined : (await this.#parts.rules.find(task.backup.rule))?.body;
    const retryAt = (rule && turnAt(rule, now)?.until) ?? now + DAY;
    const raised = { cause, code: fault.code, message: `no backup: ${fault.message}`, retryAt, now };
    events.emit('fault', { fault: await store.apply(device, 'faultRaised', raised) });
  }
}
