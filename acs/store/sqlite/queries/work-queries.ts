// Reads of tasks, open and ended.
import type { DeviceRow } from '../../../device/row.ts';
import type { Task } from '../../../device/task.ts';
import type { Statements } from '../statements.ts';

export class WorkQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Tasks by id: ended ones as JSON, open ones out of the rows of their devices. */
  taskTexts(ids: readonly string[]): Map<string, string | Task> {
    const found: Map<string, string | Task> = this.openTasks(ids);
    for (const id of ids) {
      const text = found.has(id) ? undefined : this.#endedText(id);
      if (text !== undefined) found.set(id, text);
    }
    return found;
  }

  openTasks(ids: readonly string[]): Map<string, Task> {
    const found = new Map<string, Task>();
    const rows = new Map<number, DeviceRow>();
    for (const id of ids) {
      const task = this.#openTask(id, rows);
      if (task !== undefined) found.set(id, task);
    }
    return found;
  }

  /** The task, or its JSON where it has ended. */
  taskText(id: string): Task | string | undefined {
    return this.#openTask(id, new Map()) ?? this.#endedText(id);
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
