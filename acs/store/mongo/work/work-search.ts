// Reads of one task, open or ended, in MongoDB.
import type { Collection } from 'mongodb';
import type { Task } from '../../../device/task.ts';
import type { Collections, DeviceDocument, EndedTask } from '../collections.ts';
import { rowOf, textKey } from '../devices/device-document.ts';
import type { Link } from '../link.ts';

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

  async #one(query: Parameters<Collection<DeviceDocument>['findOne']>[0]) {
    return await this.#link.retry(() => this.#devices.findOne(query ?? {}, { projection: rowAndOutbox }));
  }
}
