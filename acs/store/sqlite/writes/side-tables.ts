// The side tables of a device: tags, site fields, open tasks and faults, each by which devices are found.
import type { DeviceRow } from '../../../device/row.ts';
import { checkedText } from '../../text-checks.ts';
import type { Statements } from '../statements.ts';

/** Brings the entries of a device from those of `before` to those of `row`. */
export function updateSideTables(
  statements: Statements,
  pk: number,
  before: DeviceRow | undefined,
  row: DeviceRow,
): void {
  const tags = difference(before?.tags ?? [], row.tags, tag => tag);
  for (const tag of tags.removed) statements.run('DELETE FROM tags WHERE tag = ? AND device = ?', tag, pk);
  for (const tag of tags.added) statements.run('INSERT INTO tags (tag, device) VALUES (?, ?)', tag, pk);
  updateSite(statements, pk, before?.site ?? {}, row.site);
  const tasks = difference(before?.tasks ?? [], row.tasks, task => task.id);
  for (const task of tasks.removed) statements.run('DELETE FROM open_tasks WHERE id = ?', task.id);
  for (const task of tasks.added)
    statements.run('INSERT INTO open_tasks (id, device, created) VALUES (?, ?, ?)', task.id, pk, task.created);
  const faults = difference(before?.faults ?? [], row.faults, fault => `${fault.id} ${fault.last} ${fault.count}`);
  for (const fault of faults.removed) statements.run('DELETE FROM faults WHERE id = ?', fault.id);
  for (const fault of faults.added)
    statements.run(
      'INSERT OR REPLACE INTO faults (id, device, cause, code, parameter, first, last, count) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      ...[fault.id, pk, fault.cause, String(fault.code), fault.parameter ?? ''],
      ...[fault.first, fault.last, fault.count],
    );
}

type Site = DeviceRow['site'];

function updateSite(statements: Statements, pk: number, before: Site, site: Site): void {
  if (before === site) return;
  for (const [name, value] of Object.entries(before))
    if (site[name] !== value)
      statements.run('DELETE FROM sites WHERE name = ? AND value = ? AND device = ?', name, value, pk);
  for (const [name, value] of Object.entries(site))
    if (before[name] !== value)
      statements.run(
        'INSERT INTO sites (name, value, device) VALUES (?, ?, ?)',
        checkedText(name),
        checkedText(value),
        pk,
      );
}

function difference<T>(
  before: readonly T[],
  after: readonly T[],
  key: (item: T) => string,
): { removed: T[]; added: T[] } {
  if (before === after || (before.length === 0 && after.length === 0)) return { removed: [], added: [] };
  const old = new Set(before.map(key));
  const fresh = new Set(after.map(key));
  return { removed: before.filter(item => !fresh.has(key(item))), added: after.filter(item => !old.has(key(item))) };
}
