// Reads of tasks, open and ended.
import type { DeviceRow } from '../../../device/row.ts';
import type { Task } from '../../../device/task.ts';
import { newestFirst, pageOf, type TaskKey, taskBefore } from '../../paging.ts';
import type { TaskQuery } from '../../store.ts';
import type { Statements } from '../statements.ts';

export class WorkQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** The keys of tasks, open and ended, the newest first: one more than the limit where there are more. */
  taskKeys(query: TaskQuery): TaskKey[] {
    const { device } = query;
    const limit = pageOf(query.limit) + 1;
    const { created, id } = taskBefore(query) ?? { created: Number.MAX_SAFE_INTEGER, id: '' };
    const after = `(created, id) < (?, ?) ORDER BY created DESC, id DESC LIMIT ${limit}`;
    const keysIn = (table: string, ofDevice: string): TaskKey[] =>
      device === undefined
        ? this.#statements.all(`SELECT id, created FROM ${table} WHERE ${after}`, created, id)
        : this.#statements.all(`SELECT id, created FROM ${table} WHERE ${ofDevice} AND ${after}`, device, created, id);
    // In the order in which a task moves, so that one that ends between the two reads is in one of them.
    const open = keysIn('open_tasks', 'device = (SELECT pk FROM devices WHERE id = ?)');
    const ended = keysIn('ended_tasks', 'device = ?');
    const byId = new Map([...open, ...ended].map(key => [key.id, key]));
    return [...byId.values()].sort(newestFirst).slice(0, limit);
  }

  /** Tasks by id: ended ones as JSON, open ones out of the rows of their devices. */
  taskTexts(ids: readonly string[]): Map<string, string | Task> {
    const found = new Map<string, string | Task>();
    const rows = new Map<number, DeviceRow>();
    for (const id of ids) {
      const task = this.#openTask(id, rows) ?? this.#endedText(id);
      if (task !== undefined) found.set(id, task);
    }
    return found;
  }

  task(id: string): Task | undefined {
    // One statement: a session asks for each of its tasks before it sends it.
    const found = this.#statements.one<{ body: string }>(
      'SELECT r.body FROM open_tasks o JOIN rows r ON r.device = o.device WHERE o.id = ?',
      id,
    );
    const open = found && (JSON.parse(found.body) as DeviceRow).tasks.find(task => task.id === id);
    if (open) return open;
    const ended = this.#endedText(id);
    return ended === undefined ? undefined : (JSON.parse(ended) as Task);
  }

  #endedText(id: string): string | undefined {
    return this.#statements.one<{ body: string }>('SELECT body FROM ended_tasks WHERE id = ?', id)?.body;
  }

  /** @param rows those that were parsed before, by device */
  #openTask(id: string, rows: Map<number, DeviceRow>): Task | undefined {
    const pk = this.#statements.one<{ device: number }>('SELECT device FROM open_tasks WHERE id = ?', id)?.device;
    if (pk === undefined) return undefined;
    const row = rows.get(pk) ?? this.#rowAt(pk);
    if (row) rows.set(pk, row);
    return row?.tasks.find(task => task.id === id);
  }

  #rowAt(pk: number): DeviceRow | undefined {
    const found = this.#statements.one<{ body: string }>('SELECT body FROM rows WHERE device = ?', pk);
    return found && (JSON.parse(found.body) as DeviceRow);
  }
}
