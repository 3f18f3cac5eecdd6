// Reads of tasks, open and ended, and of faults.
import type { DeviceFault } from '../../../device/fault.ts';
import type { DeviceRow } from '../../../device/row.ts';
import type { Task } from '../../../device/task.ts';
import { newestFirst, pageOf } from '../../paging.ts';
import type { Statements } from '../statements.ts';
import type { DeviceQueries } from './device-queries.ts';

export class WorkQueries {
  readonly #statements: Statements;
  readonly #devices: DeviceQueries;

  constructor(statements: Statements, devices: DeviceQueries) {
    this.#statements = statements;
    this.#devices = devices;
  }

  /** The newest first. */
  tasks({ device, limit: wanted }: { device?: string; limit: number }): Task[] {
    const limit = pageOf(wanted);
    const open = device === undefined ? this.#openTasks(limit) : (this.#devices.byId(device)?.tasks ?? []);
    const order = 'ORDER BY created DESC, id DESC LIMIT ?';
    const found =
      device === undefined
        ? this.#statements.all<{ body: string }>(`SELECT body FROM ended_tasks ${order}`, limit)
        : this.#statements.all<{ body: string }>(
            `SELECT body FROM ended_tasks WHERE device = ? ${order}`,
            device,
            limit,
          );
    const ended = found.map(({ body }) => JSON.parse(body) as Task);
    // A task that ends between the two reads is in both: the ended one counts.
    const byId = new Map([...open, ...ended].map(task => [task.id, task]));
    return [...byId.values()].sort(newestFirst).slice(0, limit);
  }

  task(id: string): Task | undefined {
    const holder = this.#statements.one<{ body: string }>(
      'SELECT body FROM rows WHERE device = (SELECT device FROM open_tasks WHERE id = ?)',
      id,
    );
    const open = holder && (JSON.parse(holder.body) as DeviceRow).tasks.find(task => task.id === id);
    if (open) return open;
    const ended = this.#statements.one<{ body: string }>('SELECT body FROM ended_tasks WHERE id = ?', id);
    return ended && (JSON.parse(ended.body) as Task);
  }

  /** The latest first. */
  faults(limit: number): DeviceFault[] {
    const found = this.#statements.all<{ id: string; body: string }>(
      'SELECT f.id, r.body FROM faults f JOIN rows r ON r.device = f.device ORDER BY f.last DESC, f.id LIMIT ?',
      pageOf(limit),
    );
    return found.flatMap(({ id, body }) => (JSON.parse(body) as DeviceRow).faults.filter(fault => fault.id === id));
  }

  #openTasks(limit: number): Task[] {
    const found = this.#statements.all<{ id: string; body: string }>(
      `SELECT o.id, r.body FROM open_tasks o JOIN rows r ON r.device = o.device
       ORDER BY o.created DESC, o.id DESC LIMIT ?`,
      limit,
    );
    return found.flatMap(({ id, body }) => (JSON.parse(body) as DeviceRow).tasks.filter(task => task.id === id));
  }
}
