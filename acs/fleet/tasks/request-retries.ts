// Connection requests at a time that is named, or repeated until a device takes its task: a document for each, so that they go on after a
// restart, by one process at a time.
import { isConflict } from '../../../shared/errors.ts';
import type { Task } from '../../device/task.ts';
import { UserError } from '../../errors.ts';
import type { StoredDocument } from '../../store/records.ts';
import { CachedDocuments } from '../common/cached-documents.ts';
import type { FleetContext } from '../common/context.ts';
import { type DocumentRules, type Documents, documents } from '../common/documents.ts';
import type { Schedule } from '../common/schedule.ts';

export interface RetryPolicy {
  /** Connection requests in all. */
  attempts: number;
  everySeconds: number;
}

/** Kind `requestRetry`, by the id of the task, or by device and time. */
interface StoredRetry {
  device: string;
  everyMs: number;
  /** The device is asked whatever its tasks are. */
  isForDevice?: true;
  /** Connection requests that are left. */
  left: number;
  /** Time of the next, milliseconds. */
  due: number;
}

const MAX_RETRIES = 1000;
/** Connection requests that are under way at a time: each may take half a minute. */
const AT_ONCE = 20;
const IDLE_MS = 60_000;

const rules: DocumentRules<StoredRetry> = {
  missing: name => new UserError(404, 'no-such-task', `no task '${name}'`),
  limit: {
    most: MAX_RETRIES,
    reached: count =>
      new UserError(429, 'too-many-retries', `connection requests are repeated for ${count} tasks already`),
  },
  // Names are ids of tasks and of devices.
  checkName: name => name,
  changeEvent: false,
};

export class RequestRetries {
  readonly #context: FleetContext;
  readonly #documents: Documents<StoredRetry>;
  readonly #known: CachedDocuments<readonly StoredDocument<StoredRetry>[]>;
  #soon: (() => void) | undefined;

  constructor(context: FleetContext) {
    this.#context = context;
    this.#documents = documents(context, 'requestRetry', rules);
    this.#known = new CachedDocuments(context.store, 'requestRetry', async () => await this.#documents.list());
  }

  run(schedule: Schedule): void {
    const duty = { isDue: async () => (await this.#known.get()).length > 0, work: () => this.step() };
    this.#soon = schedule.promptly('requestRetries', IDLE_MS, duty).soon;
  }

  /**
   * The first request of a task that begins later is sent when its time has come.
   * @param isRequested the first connection request is made by the caller
   * @throws UserError 429
   */
  async begin(
    { id, device, notBefore = 0 }: Task,
    { attempts, everySeconds }: RetryPolicy,
    isRequested: boolean,
  ): Promise<void> {
    const everyMs = everySeconds * 1000;
    const left = isRequested ? attempts - 1 : attempts;
    if (left < 1) return;
    const now = this.#context.clock.now();
    const due = isRequested ? now + everyMs : Math.max(now, notBefore);
    await this.#documents.put(id, { device, everyMs, left, due });
    this.#soon?.();
  }

  /** Asks the device to connect at that time, milliseconds. @throws UserError 429 */
  async requestAt(device: string, time: number): Promise<void> {
    const body: StoredRetry = { device, everyMs: 0, left: 1, due: time, isForDevice: true };
    await this.#documents.put(`${device} ${time}`, body);
    this.#soon?.();
  }

  /** Sends what is due. @returns when there is something to do again, milliseconds */
  async step(): Promise<number | undefined> {
    const now = this.#context.clock.now();
    const due = (await this.#known.get()).filter(({ body }) => body.due <= now);
    for (let at = 0; at < due.length; at += AT_ONCE)
      await Promise.all(due.slice(at, at + AT_ONCE).map(retry => this.#send(retry)));
    const times = (await this.#known.get()).map(({ body }) => body.due);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  async #send(retry: StoredDocument<StoredRetry>): Promise<void> {
    const { store, clock, ports } = this.#context;
    const { name, body } = retry;
    const row = await store.device(body.device);
    const isWaiting = body.isForDevice ?? row?.tasks.some(({ id, state }) => id === name && state === 'queued');
    if (!row || !isWaiting) return await this.#documents.remove(name, true);
    // Noted first: a process that ends meanwhile has made its attempt.
    const left = body.left - 1;
    try {
      if (left < 1) await this.#documents.remove(name, true);
      else await this.#documents.replace(name, { ...body, left, due: clock.now() + body.everyMs }, retry);
    } catch (error) {
      if (isConflict(error)) return;
      throw error;
    }
    await ports.sendConnectionRequest(row);
  }
}
