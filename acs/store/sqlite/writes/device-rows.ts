// A device in the tables of SQLite: its row, the columns that it is found by, and its side tables.
import { dueAt, onlineUntil } from '../../../device/liveness.ts';
import type { DeviceRow } from '../../../device/row.ts';
import { checkedJson, checkedText } from '../../text-checks.ts';
import type { Statements } from '../statements.ts';
import { columnsOf, differing, isSameTime, isSteady } from './device-columns.ts';
import { putPosition } from './position-rows.ts';
import type { CachedRow } from './row-cache.ts';
import { updateSideTables } from './side-tables.ts';

export function insertDevice(statements: Statements, row: DeviceRow, body: string): number {
  const cells = { id: checkedText(row.id), ...columnsOf(row) };
  const names = Object.keys(cells);
  const { lastInsertRowid } = statements
    .prepareChange(`INSERT INTO devices (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
    .run(...Object.values(cells));
  const pk = Number(lastInsertRowid);
  statements.run('INSERT INTO rows (device, body, told) VALUES (?, ?, ?)', pk, body, checkedJson(row.told));
  if (row.rollout) putPosition(statements, pk, row.rollout);
  updateSideTables(statements, pk, undefined, row);
  return pk;
}

export function updateDevice(
  statements: Statements,
  { pk, row: before }: CachedRow,
  row: DeviceRow,
  body: string,
): number {
  if (before.told === row.told) statements.run('UPDATE rows SET body = ? WHERE device = ?', body, pk);
  else statements.run('UPDATE rows SET body = ?, told = ? WHERE device = ?', body, checkedJson(row.told), pk);
  updateColumns(statements, pk, before, row);
  if (before.rollout !== row.rollout) putPosition(statements, pk, row.rollout);
  updateSideTables(statements, pk, before, row);
  return pk;
}

/** Only what differs is set: a column that is not named leaves its index alone. */
function updateColumns(statements: Statements, pk: number, before: DeviceRow, row: DeviceRow): void {
  if (isSteady(before, row)) {
    if (isSameTime(before, row)) return;
    statements.run(
      'UPDATE devices SET last_inform = ?, last_boot = ?, online_until = ?, due = ? WHERE pk = ?',
      row.lastInform ?? 0,
      row.lastBoot ?? 0,
      onlineUntil(row),
      dueAt(row),
      pk,
    );
    return;
  }
  const cells = differing(before, row);
  const set = cells.map(([name]) => `${name} = ?`).join(', ');
  if (cells.length > 0)
    statements.run(`UPDATE devices SET ${set} WHERE pk = ?`, ...cells.map(([, value]) => value), pk);
}
