// A page of tasks, in any store: the keys of the newest, then their texts in small batches, parsed with breaks, up to a size.
import { Turns } from '../../shared/turns.ts';
import type { Task } from '../device/task.ts';
import { pageOf, type TaskKey, taskCursor } from './paging.ts';
import type { TaskQuery } from './store.ts';

/** Characters of JSON after which a page ends, whatever its limit. */
export const MAX_PAGE_CHARACTERS = 2 * 1024 * 1024;

/** Tasks that are loaded at a time: few where tasks are large. */
const FEW = 4;
const MANY = 64;
/** Mean size of tasks of which many are loaded. */
const SMALL = 16 * 1024;

/** Tasks by id: as JSON, or parsed already. A task that has gone meanwhile is absent. */
export type LoadTasks = (ids: readonly string[]) => Promise<ReadonlyMap<string, string | Task>>;

/** @param keys in the order of the query; one more than `limit` where there are more */
export async function taskPage(
  keys: readonly TaskKey[],
  { limit: most, isOldestFirst, isLean }: Pick<TaskQuery, 'limit' | 'isOldestFirst' | 'isLean'>,
  load: LoadTasks,
): Promise<{ items: Task[]; next?: string }> {
  const limit = pageOf(most);
  const turns = new Turns();
  const items: Task[] = [];
  const wanted = keys.slice(0, limit);
  let size = 0;
  for (let at = 0; at < wanted.length; ) {
    const batch = items.length > 0 && size < SMALL * items.length ? MANY : FEW;
    const ids = wanted.slice(at, at + batch).map(({ id }) => id);
    const found = await load(ids);
    for (const id of ids) {
      at++;
      const task = found.get(id);
      if (task === undefined) continue;
      const length = sizeOf(task);
      items.push(isLean ? withoutResult(parsed(task)) : parsed(task));
      size += length;
      await turns.spent(length);
      if (size >= MAX_PAGE_CHARACTERS && at < keys.length)
        return { items, next: taskCursor(keys[at - 1]!, isOldestFirst) };
    }
  }
  const last = wanted.at(-1);
  return keys.length > limit && last ? { items, next: taskCursor(last, isOldestFirst) } : { items };
}

/** Characters of a task; an open one, which is parsed already, holds arguments and hardly any result. */
const sizeOf = (task: string | Task): number =>
  typeof task === 'string' ? task.length : JSON.stringify(task.args).length;

const parsed = (task: string | Task): Task => (typeof task === 'string' ? (JSON.parse(task) as Task) : task);

function withoutResult({ result: _result, ...task }: Task): Task {
  return task;
}
