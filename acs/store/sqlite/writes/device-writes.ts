// Changes of devices in SQLite: a pure operation on the row, and what follows from it in the tables.

import type { DeviceOperation, DeviceOperations } from '../../../device/operation-types.ts';
import { operate } from '../../../device/operations.ts';
import type { DeviceRow } from '../../../device/row.ts';
import type { Task } from '../../../device/task.ts';
import { addressedNotices } from '../../notices.ts';
import { checkedText, jsonOf } from '../../text-checks.ts';
import type { Statements } from '../statements.ts';
import { bodyOf, withPosition } from '../stored-row.ts';
import type { DeliveryWrites } from './delivery-writes.ts';
import { insertDevice, updateDevice } from './device-rows.ts';
import type { ParameterRows } from './parameter-rows.ts';
import type { RowCache } from './row-cache.ts';
import type { Written } from './write-request.ts';

type Args = DeviceOperations[DeviceOperation]['args'];

export class DeviceWrites {
  readonly #statements: Statements;
  readonly #rows: RowCache;
  readonly #parameters: ParameterRows;
  readonly #deliveries: DeliveryWrites;

  constructor(statements: Statements, rows: RowCache, parameters: ParameterRows, deliveries: DeliveryWrites) {
    this.#statements = statements;
    this.#rows = rows;
    this.#parameters = parameters;
    this.#deliveries = deliveries;
  }

  /** @throws UserError what the operation refuses; then nothing has changed */
  apply(id: string, name: DeviceOperation, args: Args): Written {
    const before = this.#rows.load(id);
    const { row, result, ended } = operate(name, id, before?.row, args);
    if (before && 'known' in args && args.known) this.#parameters.putValues(before.pk, args.known, args.most);
    for (const task of ended) this.#keepEnded(task);
    const subscribers = this.#deliveries.subscribers();
    if (subscribers.any) this.#deliveries.add(addressedNotices(subscribers, before?.row, { row, ended }, args));
    if (row === before?.row) return { ok: true, value: result };
    if (!row) {
      this.#statements.run('DELETE FROM devices WHERE pk = ?', before?.pk ?? 0);
      this.#rows.remove(id);
      if (before) this.#parameters.forgetDevice(before.pk);
      return { ok: true, value: result };
    }
    this.#rows.noteClaim(id, row);
    if (before && isFreed(before.row, row)) {
      this.#rows.remember(id, { pk: before.pk, row });
      return { ok: true, value: result };
    }
    const body = bodyOf(row);
    const pk = before ? updateDevice(this.#statements, before, row, body) : insertDevice(this.#statements, row, body);
    this.#rows.remember(id, { pk, row });
    return withBody(result, row, body, args);
  }

  #keepEnded(task: Task): void {
    const { sentBy: _by, ...kept } = task;
    this.#statements.run(
      'INSERT OR REPLACE INTO ended_tasks (id, device, created, ended, body, state, method) VALUES (?, ?, ?, ?, ?, ?, ?)',
      checkedText(task.id),
      task.device,
      task.created,
      task.ended ?? task.created,
      jsonOf(kept),
      task.state,
      task.method,
    );
  }
}

/** True when only the claim went: nothing that must outlive this process. */
function isFreed(before: DeviceRow, row: DeviceRow): boolean {
  if (!before.claim || row.claim) return false;
  for (const name of Object.keys(before) as (keyof DeviceRow)[])
    if (name !== 'claim' && before[name] !== row[name]) return false;
  return true;
}

/** A result that holds the row takes its text from what was stored. The text leaves out the result of a task that came with the request. */
function withBody(value: unknown, row: DeviceRow, body: string, args: Args): Written {
  const { told } = row;
  if (value === row) return { ok: true, value, text: withPosition(body, row), told };
  if (typeof value !== 'object' || value === null || !('row' in value) || value.row !== row) return { ok: true, value };
  const { row: _row, ...rest } = value as { row: DeviceRow; task?: Task };
  if (rest.task?.result && 'outcome' in args && rest.task.result === args.outcome.result)
    rest.task = withoutResult(rest.task);
  return { ok: true, value, text: `{"row":${withPosition(body, row)},${JSON.stringify(rest).slice(1)}`, told };
}

function withoutResult({ result: _result, ...task }: Task): Task {
  return task;
}
