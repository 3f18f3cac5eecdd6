// Searches for tasks, open and ended.
import { pageOf, type TaskKey, taskBefore, taskOrder } from '../../paging.ts';
import type { TaskChoice, TaskQuery } from '../../store.ts';
import type { Statements } from '../statements.ts';
import { endedTasks, openTasks, type TaskSource } from './task-sources.ts';

export class TaskQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** The keys of tasks, open and ended, in the order of the query: one more than the limit where there are more. */
  keys(query: TaskQuery): TaskKey[] {
    const limit = pageOf(query.limit) + 1;
    const [side, order] = query.isOldestFirst ? ['>', 'ASC'] : ['<', 'DESC'];
    const from = taskBefore(query);
    const keysIn = (source: TaskSource): TaskKey[] => {
      const { sql, params } = source(query);
      const after = from ? `AND (t.created, t.id) ${side} (?, ?)` : '';
      return this.#statements.all(
        `SELECT t.id, t.created FROM ${sql} ${after} ORDER BY t.created ${order}, t.id ${order} LIMIT ${limit}`,
        ...params,
        ...(from ? [from.created, from.id] : []),
      );
    };
    // In the order in which a task moves, so that one that ends between the two reads is in one of them.
    const found = [...keysIn(openTasks), ...keysIn(endedTasks)];
    const byId = new Map(found.map(key => [key.id, key]));
    return [...byId.values()].sort(taskOrder(query)).slice(0, limit);
  }

  count(choice: TaskChoice): number {
    const [open, ended] = [openTasks(choice), endedTasks(choice)];
    const text = `SELECT (SELECT count(*) FROM ${open.sql}) + (SELECT count(*) FROM ${ended.sql}) AS n`;
    return this.#statements.one<{ n: number }>(text, ...open.params, ...ended.params)?.n ?? 0;
  }

  /** Ended tasks by id, as JSON without their results. */
  leanTexts(ids: readonly string[]): [id: string, text: string][] {
    return this.#statements
      .all<{ id: string; body: string }>(
        `SELECT e.id, json_remove(e.body, '$.result') AS body FROM json_each(?) j CROSS JOIN ended_tasks e ON e.id = j.value`,
        JSON.stringify(ids),
      )
      .map(({ id, body }) => [id, body]);
  }
}
