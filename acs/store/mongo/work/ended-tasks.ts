// Ended tasks in their collection of MongoDB.
import type { Task } from '../../../device/task.ts';
import type { TaskKey } from '../../paging.ts';
import type { TaskChoice, TaskQuery } from '../../store.ts';
import type { Collections } from '../collections.ts';
import { textKey, textOfKey } from '../devices/device-document.ts';
import type { Link } from '../link.ts';
import type { Judge } from './task-judge.ts';

/** Keys that are read at a time. */
const BATCH = 1000;

export class EndedTasks {
  readonly #link: Link;
  readonly #tasks: Collections['ended'];

  constructor(link: Link, tasks: Collections['ended']) {
    this.#link = link;
    this.#tasks = tasks;
  }

  async count(choice: TaskChoice): Promise<number> {
    return await this.#link.retry(() => this.#tasks.countDocuments(endedQuery(choice)));
  }

  async keys(limit: number, query: TaskQuery, { from, devices }: Judge): Promise<TaskKey[]> {
    const side = query.isOldestFirst ? '$gt' : '$lt';
    const direction = query.isOldestFirst ? 1 : -1;
    const after = from && {
      $or: [{ created: { [side]: from.created } }, { created: from.created, _id: { [side]: textKey(from.id) } }],
    };
    const most = devices || limit === Number.POSITIVE_INFINITY ? {} : { limit };
    const options = { projection: { created: 1, device: 1 }, sort: { created: direction, _id: direction } as const };
    return await this.#link.retry(async () => {
      const found: TaskKey[] = [];
      for await (const { _id, created, device } of this.#tasks.find(
        { $and: [endedQuery(query), after ?? {}] },
        { ...options, ...most, batchSize: BATCH },
      )) {
        if (!devices || devices.has(device)) found.push({ id: textOfKey(_id), created });
        if (found.length >= limit) break;
      }
      return found;
    });
  }

  async texts(ids: readonly string[]): Promise<Map<string, string | Task>> {
    const query = { _id: { $in: ids.map(textKey) } };
    const found = ids.length === 0 ? [] : await this.#link.retry(() => this.#tasks.find(query).toArray());
    return new Map(found.map(({ _id, body }) => [textOfKey(_id), body]));
  }
}

function endedQuery({ device, states, method, from, to }: TaskChoice): object {
  const created = { ...(from === undefined ? {} : { $gte: from }), ...(to === undefined ? {} : { $lte: to }) };
  return {
    ...(device === undefined ? {} : { device }),
    ...(states ? { state: { $in: [...states] } } : {}),
    ...(method === undefined ? {} : { method }),
    ...(from === undefined && to === undefined ? {} : { created }),
  };
}
