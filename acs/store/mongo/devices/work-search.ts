// Reads of tasks, open and ended, and of faults in MongoDB.
import type { Collection } from 'mongodb';
import type { DeviceFault } from '../../../device/fault.ts';
import type { Task } from '../../../device/task.ts';
import { newestFirst, pageOf } from '../../paging.ts';
import type { Collections, DeviceDocument, EndedTask } from '../collections.ts';
import { allOf, type Part } from '../filter.ts';
import type { Link } from '../link.ts';
import { rowOf, textKey } from './device-document.ts';

const rowAndOutbox = { _id: 0, row: 1, outbox: 1 };

const taskOf = ({ body }: Pick<EndedTask, 'body'>): Task => JSON.parse(body) as Task;

export class WorkSearch {
  readonly #link: Link;
  readonly #devices: Collection<DeviceDocument>;
  readonly #ended: Collections['ended'];

  constructor(link: Link, { devices, ended }: Collections) {
    this.#link = link;
    this.#devices = devices;
    this.#ended = ended;
  }

  /** The newest first. */
  async tasks({ device, limit: wanted }: { device?: string; limit: number }): Promise<Task[]> {
    const limit = pageOf(wanted);
    // In the order in which a task moves, so that one that moves meanwhile is seen at least once; the latest state counts.
    const open = device === undefined ? await this.#openTasks(limit) : await this.#openTasksOf(device);
    const leaving = await this.#inOutboxes(device === undefined ? true : { _id: textKey(device) });
    const options = { sort: { created: -1 as const, _id: -1 as const }, limit };
    const past = await this.#link.retry(() =>
      this.#ended.find(device === undefined ? {} : { device }, options).toArray(),
    );
    const byId = new Map([...open, ...leaving, ...past.map(taskOf)].map(task => [task.id, task]));
    return [...byId.values()].sort(newestFirst).slice(0, limit);
  }

  async task(id: string): Promise<Task | undefined> {
    const holder = await this.#one({ $or: [{ tasks: id }, { 'outbox.id': id }] });
    const left = holder?.outbox?.find(task => task.id === id);
    if (left) return taskOf(left);
    const open = rowOf(holder)?.tasks.find(task => task.id === id);
    if (open) return open;
    const past = await this.#link.retry(() => this.#ended.findOne({ _id: textKey(id) }));
    return past ? taskOf(past) : undefined;
  }

  /** The latest first. */
  async faults(wanted: number): Promise<DeviceFault[]> {
    const limit = pageOf(wanted);
    const options = { projection: rowAndOutbox, sort: { latestFault: -1 as const }, limit };
    const query = { latestFault: { $gt: '' } };
    const found = await this.#link.retry(() => this.#devices.find(query, options).toArray());
    const faults = found.flatMap(document => rowOf(document)?.faults ?? []);
    return faults.sort((a, b) => b.last - a.last || (a.id < b.id ? -1 : 1)).slice(0, limit);
  }

  async #one(query: Parameters<Collection<DeviceDocument>['findOne']>[0]) {
    return await this.#link.retry(() => this.#devices.findOne(query ?? {}, { projection: rowAndOutbox }));
  }

  async #openTasks(limit: number): Promise<Task[]> {
    // Each device with a newer task gives at least that one, so the first `limit` devices hold all that count.
    const options = { projection: rowAndOutbox, sort: { newestTask: -1 as const }, limit };
    const query = { newestTask: { $gt: '' } };
    const found = await this.#link.retry(() => this.#devices.find(query, options).toArray());
    return found.flatMap(document => rowOf(document)?.tasks ?? []);
  }

  async #openTasksOf(device: string): Promise<Task[]> {
    return rowOf(await this.#one({ _id: textKey(device) }))?.tasks ?? [];
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
