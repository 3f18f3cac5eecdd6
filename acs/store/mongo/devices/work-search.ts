// Reads of one task, open or ended, and of faults in MongoDB.
import type { Collection } from 'mongodb';
import type { DeviceFault } from '../../../device/fault.ts';
import type { Task } from '../../../device/task.ts';
import { pageOf } from '../../paging.ts';
import type { Collections, DeviceDocument, EndedTask } from '../collections.ts';
import type { Link } from '../link.ts';
import { rowOf, textKey } from './device-document.ts';

export const rowAndOutbox = { _id: 0, row: 1, outbox: 1 };

export const taskOf = ({ body }: Pick<EndedTask, 'body'>): Task => JSON.parse(body) as Task;

export class WorkSearch {
  readonly #link: Link;
  readonly #devices: Collection<DeviceDocument>;
  readonly #ended: Collections['ended'];

  constructor(link: Link, { devices, ended }: Collections) {
    this.#link = link;
    this.#devices = devices;
    this.#ended = ended;
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

  /** The database looks for it in the rows of devices that have faults. */
  async fault(id: string): Promise<DeviceFault | undefined> {
    if (!/^[0-9a-f]{1,64}$/.test(id)) return undefined;
    const holder = await this.#one({ latestFault: { $gt: '' }, row: { $regex: `"id":"${id}"` } });
    return rowOf(holder)?.faults.find(fault => fault.id === id);
  }

  async #one(query: Parameters<Collection<DeviceDocument>['findOne']>[0]) {
    return await this.#link.retry(() => this.#devices.findOne(query ?? {}, { projection: rowAndOutbox }));
  }
}
