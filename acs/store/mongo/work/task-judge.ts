// The choice of a query among tasks that are in rows or outboxes, and their order.
import type { Task } from '../../../device/task.ts';
import { type TaskKey, taskBefore, taskOrder } from '../../paging.ts';
import type { TaskQuery } from '../../store.ts';

/** Decides which tasks a query is about, beginning at its place, and their order. */
export interface Judge {
  fits(task: Task): boolean;
  order(one: TaskKey, other: TaskKey): number;
  from: TaskKey | undefined;
  /** Those that the query is within; absent for all. */
  devices: ReadonlySet<string> | undefined;
}

export function judgeOf(query: TaskQuery, devices: ReadonlySet<string> | undefined): Judge {
  const { device: only, states, method, from: least = 0, to = Number.POSITIVE_INFINITY } = query;
  const from = taskBefore(query);
  const order = taskOrder(query);
  const fits = (task: Task): boolean =>
    (only === undefined || task.device === only) &&
    (!states || states.includes(task.state)) &&
    (method === undefined || task.method === method) &&
    task.created >= least &&
    task.created <= to &&
    (!devices || devices.has(task.device)) &&
    (!from || order(task, from) > 0);
  return { fits, order, from, devices };
}
