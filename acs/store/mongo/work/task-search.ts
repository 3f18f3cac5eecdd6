// Pages of tasks in MongoDB: the keys of the newest first, open ones out of the rows of devices, then the texts of ended ones.
import type { Collection } from 'mongodb';
import type { Task } from '../../../device/task.ts';
import { pageOf } from '../../paging.ts';
import type { TaskChoice, TaskQuery } from '../../store.ts';
import { taskPage } from '../../task-page.ts';
import type { Collections, DeviceDocument } from '../collections.ts';
import { orderKey, rowOf, textKey } from '../devices/device-document.ts';
import type { DeviceScan } from '../devices/device-scan.ts';
import type { Link } from '../link.ts';
import { EndedTasks } from './ended-tasks.ts';
import { type Judge, judgeOf } from './task-judge.ts';
import { rowAndOutbox, taskOf } from './work-search.ts';

/** Rows that are read at a time. */
const BATCH = 100;

/** True where many tasks may have to be looked at. */
const isChosen = ({ states, method, within, isOldestFirst, from, to }: TaskQuery): boolean =>
  [states, method, within, from, to].some(part => part !== undefined) || isOldestFirst === true;

export class TaskSearch {
  readonly #link: Link;
  readonly #devices: Collection<DeviceDocument>;
  readonly #ended: EndedTasks;
  readonly #scan: DeviceScan;

  constructor(link: Link, { devices, ended }: Collections, scan: DeviceScan) {
    this.#link = link;
    this.#devices = devices;
    this.#ended = new EndedTasks(link, ended);
    this.#scan = scan;
  }

  async tasks(query: TaskQuery): Promise<{ items: Task[]; next?: string }> {
    const { device } = query;
    const limit = pageOf(query.limit) + 1;
    const judge = await this.#judge(query);
    // In the order in which a task moves, so that one that moves meanwhile is seen at least once; the latest state counts.
    const open = await (device === undefined && !isChosen(query)
      ? this.#newestOpen(limit, judge)
      : this.#openTasks(placeOf(device), limit, judge));
    const leaving = (await inOutboxes(this.#link, this.#devices, device)).filter(judge.fits);
    const past = await this.#ended.keys(limit, query, judge);
    const known = new Map([...open, ...leaving].map(task => [task.id, task]));
    for (const { id } of past) known.delete(id);
    const keys = [...known.values(), ...past].sort(judge.order).slice(0, limit);
    return await taskPage(keys, query, async ids => {
      const texts = await this.#ended.texts(ids.filter(id => !known.has(id)));
      for (const id of ids) if (known.has(id)) texts.set(id, known.get(id)!);
      return texts;
    });
  }

  async count(choice: TaskChoice): Promise<number> {
    const judge = await this.#judge({ ...choice, limit: 1 });
    const { device } = choice;
    const open = await this.#openTasks(placeOf(device), Number.POSITIVE_INFINITY, judge);
    const leaving = (await inOutboxes(this.#link, this.#devices, device)).filter(judge.fits);
    const known = new Set([...open, ...leaving].map(({ id }) => id));
    if (!choice.within) return known.size + (await this.#ended.count(choice));
    const past = await this.#ended.keys(Number.POSITIVE_INFINITY, { ...choice, limit: 1 }, judge);
    return past.reduce((sum, { id }) => sum + Number(!known.has(id)), known.size);
  }

  async #judge(query: TaskQuery): Promise<Judge> {
    const { within } = query;
    if (!within) return judgeOf(query, undefined);
    const devices = new Set<string>();
    await this.#scan.each(within.filter, within.now, [], ({ id }) => devices.add(id));
    return judgeOf(query, devices);
  }

  /** The newest open tasks. */
  async #newestOpen(limit: number, judge: Judge): Promise<Task[]> {
    const { from } = judge;
    const key = from && orderKey(from.created, from.id);
    // Each device whose newest task comes after the key gives at least that one, so the first `limit` of these hold all that count.
    const newestTask = { $gt: '', ...(key === undefined ? {} : { $lt: key }) };
    const found = await this.#openTasks({ newestTask }, limit, judge, limit);
    if (key === undefined) return found;
    // Older tasks of devices whose newest one is on an earlier page.
    const several = { newestTask: { $gte: key }, 'tasks.1': { $exists: true } };
    return [...found, ...(await this.#openTasks(several, limit, judge))];
  }

  /** The first tasks in the rows of some devices, which are read in small batches. @param devices most of them, the newest task first */
  async #openTasks(query: object, limit: number, { fits, order }: Judge, devices = 0): Promise<Task[]> {
    return await this.#link.retry(async () => {
      let found: Task[] = [];
      const options = { projection: rowAndOutbox, sort: { newestTask: -1 as const }, limit: devices, batchSize: BATCH };
      for await (const document of this.#devices.find(query, options)) {
        found.push(...(rowOf(document)?.tasks ?? []).filter(fits));
        if (found.length > 4 * limit) found = found.sort(order).slice(0, limit);
      }
      return found;
    });
  }
}

/** The devices among which open tasks are looked for. */
const placeOf = (device: string | undefined): object =>
  device === undefined ? { newestTask: { $gt: '' } } : { _id: textKey(device) };

/** Ended tasks that are still in outboxes: few, and only for a moment. */
async function inOutboxes(
  link: Link,
  devices: Collection<DeviceDocument>,
  device: string | undefined,
): Promise<Task[]> {
  const query = { 'outbox.id': { $gt: '' }, ...(device === undefined ? {} : { _id: textKey(device) }) };
  const found = await link.retry(() => devices.find(query, { projection: { outbox: 1 } }).toArray());
  return found.flatMap(({ outbox }) => (outbox ?? []).map(taskOf));
}
