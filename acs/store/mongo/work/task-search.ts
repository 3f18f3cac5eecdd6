// Pages of tasks in MongoDB: the keys of the newest first, open ones out of the rows of devices, then the texts of ended ones.
import type { Collection } from 'mongodb';
import type { Task } from '../../../device/task.ts';
import { newestFirst, pageOf, type TaskKey, taskBefore } from '../../paging.ts';
import type { TaskQuery } from '../../store.ts';
import { taskPage } from '../../task-page.ts';
import type { Collections, DeviceDocument } from '../collections.ts';
import { orderKey, rowOf, textKey, textOfKey } from '../devices/device-document.ts';
import { allOf, type Part } from '../filter.ts';
import type { Link } from '../link.ts';
import { rowAndOutbox, taskOf } from './work-search.ts';

/** Rows that are read at a time. */
const BATCH = 100;

const isAfter = (task: TaskKey, before: TaskKey | undefined): boolean =>
  before === undefined || newestFirst(task, before) > 0;

export class TaskSearch {
  readonly #link: Link;
  readonly #devices: Collection<DeviceDocument>;
  readonly #ended: Collections['ended'];

  constructor(link: Link, { devices, ended }: Collections) {
    this.#link = link;
    this.#devices = devices;
    this.#ended = ended;
  }

  async tasks(query: TaskQuery): Promise<{ items: Task[]; next?: string }> {
    const { device } = query;
    const limit = pageOf(query.limit);
    const before = taskBefore(query);
    // In the order in which a task moves, so that one that moves meanwhile is seen at least once; the latest state counts.
    const open = await (device === undefined
      ? this.#openTasks(limit + 1, before)
      : this.#tasksIn({ _id: textKey(device) }, limit + 1, before, 1));
    const leaving = await this.#inOutboxes(device === undefined ? true : { _id: textKey(device) });
    const past = await this.#endedKeys(limit + 1, device, before);
    const known = new Map([...open, ...leaving].filter(task => isAfter(task, before)).map(task => [task.id, task]));
    for (const { id } of past) known.delete(id);
    const keys = [...known.values(), ...past].sort(newestFirst).slice(0, limit + 1);
    return await taskPage(keys, limit, async ids => {
      const texts = await this.#endedTexts(ids.filter(id => !known.has(id)));
      for (const id of ids) if (known.has(id)) texts.set(id, known.get(id)!);
      return texts;
    });
  }

  /** The newest open tasks after that key. */
  async #openTasks(limit: number, before: TaskKey | undefined): Promise<Task[]> {
    const key = before && orderKey(before.created, before.id);
    // Each device whose newest task comes after the key gives at least that one, so the first `limit` of these hold all that count.
    const newestTask = { $gt: '', ...(key === undefined ? {} : { $lt: key }) };
    const found = await this.#tasksIn({ newestTask }, limit, before, limit);
    if (key === undefined) return found;
    // Older tasks of devices whose newest one is on an earlier page.
    const several = { newestTask: { $gte: key }, 'tasks.1': { $exists: true } };
    return [...found, ...(await this.#tasksIn(several, limit, before))];
  }

  /** The newest tasks after that key in the rows of some devices, which are read in small batches. @param devices most of them, the newest task first */
  async #tasksIn(query: object, limit: number, before: TaskKey | undefined, devices = 0): Promise<Task[]> {
    return await this.#link.retry(async () => {
      let found: Task[] = [];
      const options = { projection: rowAndOutbox, sort: { newestTask: -1 as const }, limit: devices, batchSize: BATCH };
      for await (const document of this.#devices.find(query, options)) {
        for (const task of rowOf(document)?.tasks ?? []) if (isAfter(task, before)) found.push(task);
        if (found.length > 4 * limit) found = found.sort(newestFirst).slice(0, limit);
      }
      return found;
    });
  }

  async #endedKeys(limit: number, device: string | undefined, before: TaskKey | undefined): Promise<TaskKey[]> {
    const created = before?.created ?? Number.MAX_SAFE_INTEGER;
    const after = { $or: [{ created: { $lt: created } }, { created, _id: { $lt: textKey(before?.id ?? '') } }] };
    const query = { ...(device === undefined ? {} : { device }), ...after };
    const options = { projection: { created: 1 }, sort: { created: -1 as const, _id: -1 as const }, limit };
    const found = await this.#link.retry(() => this.#ended.find(query, options).toArray());
    return found.map(({ _id, created: time }) => ({ id: textOfKey(_id), created: time }));
  }

  async #endedTexts(ids: readonly string[]): Promise<Map<string, string | Task>> {
    const query = { _id: { $in: ids.map(textKey) } };
    const found = ids.length === 0 ? [] : await this.#link.retry(() => this.#ended.find(query).toArray());
    return new Map(found.map(({ _id, body }) => [textOfKey(_id), body]));
  }

  /** Ended tasks that are still in outboxes: few, and only for a moment. */
  async #inOutboxes(query: Part): Promise<Task[]> {
    const waiting = allOf([{ 'outbox.id': { $gt: '' } }, query]);
    if (typeof waiting === 'boolean') return [];
    const options = { projection: { outbox: 1 } };
    const found = await this.#link.retry(() => this.#devices.find(waiting, options).toArray());
    return found.flatMap(({ outbox }) => (outbox ?? []).map(taskOf));
  }
}
