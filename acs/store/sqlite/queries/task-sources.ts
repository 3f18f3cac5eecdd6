// Open and ended tasks as sources `t` of a query: table, joins and conditions.
import type { TaskChoice } from '../../store.ts';
import type { Condition } from '../condition.ts';
import { toSql } from '../filter.ts';

/** The words after FROM, with the conditions. */
export type TaskSource = (choice: TaskChoice) => Condition;

/** Open tasks; their states and methods stand in the rows of their devices. */
export function openTasks(choice: TaskChoice): Condition {
  const { device } = choice;
  const parts = commonParts(choice);
  if (device !== undefined) parts.push({ sql: 't.device = (SELECT pk FROM devices WHERE id = ?)', params: [device] });
  const kind = kindParts(choice, name => `j.value ->> '$.${name}'`);
  if (kind.length > 0) {
    const { sql, params } = joined([{ sql: `j.value ->> '$.id' = t.id`, params: [] }, ...kind]);
    const tasks = `json_each((SELECT body FROM rows WHERE device = t.device), '$.tasks') j`;
    parts.push({ sql: `EXISTS (SELECT 1 FROM ${tasks} WHERE ${sql})`, params });
  }
  return sourceOf(`open_tasks t ${choice.within ? 'CROSS JOIN devices d ON d.pk = t.device' : ''}`, parts);
}

export function endedTasks(choice: TaskChoice): Condition {
  const { device } = choice;
  const parts = [...commonParts(choice), ...kindParts(choice, name => `t.${name}`)];
  if (device !== undefined) parts.push({ sql: 't.device = ?', params: [device] });
  return sourceOf(`ended_tasks t ${choice.within ? 'CROSS JOIN devices d ON d.id = t.device' : ''}`, parts);
}

function sourceOf(from: string, parts: readonly Condition[]): Condition {
  const { sql, params } = joined(parts);
  return { sql: `${from} WHERE ${sql}`, params };
}

const joined = (parts: readonly Condition[]): Condition => ({
  sql: parts.map(({ sql }) => sql).join(' AND ') || '1',
  params: parts.flatMap(({ params }) => params),
});

function commonParts({ from, to, within }: TaskChoice): Condition[] {
  return [
    ...(from === undefined ? [] : [{ sql: 't.created >= ?', params: [from] }]),
    ...(to === undefined ? [] : [{ sql: 't.created <= ?', params: [to] }]),
    ...(within ? [toSql(within.filter, within.now)] : []),
  ];
}

function kindParts({ states, method }: TaskChoice, column: (name: string) => string): Condition[] {
  return [
    ...(states ? [{ sql: `${column('state')} IN (${states.map(() => '?').join(', ')})`, params: [...states] }] : []),
    ...(method === undefined ? [] : [{ sql: `${column('method')} = ?`, params: [method] }]),
  ];
}
