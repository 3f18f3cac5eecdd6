// The list of tasks.
import type { TaskSearch } from '../../fleet/tasks/task-list.ts';
import type { CallContext } from '../operation.ts';
import { timeAt } from '../time-input.ts';
import { TaskViews } from '../views/tasks.ts';
import { deviceFilter } from './devices.ts';
import { isFieldOf } from './fields.ts';
import type { List } from './list.ts';

const columns = [
  ...['id', 'device', 'method', 'state', 'origin', 'file', 'created', 'started', 'ended', 'attempts', 'lastError'],
  'fault',
];
const fields = [...columns, 'args', 'result', 'notBefore', 'expires', 'diagnostic'];

/** The query as it is written. */
export interface TaskListQuery {
  device?: string;
  state?: string;
  method?: string;
  from?: string;
  to?: string;
  filter?: string;
  sort?: 'created' | '-created';
}

/** @throws UserError 400 for a bad filter, state or time, 403 for parameters in the filter that the caller may not read */
export async function taskList(query: TaskListQuery, context: CallContext): Promise<List<TaskView>> {
  const { fleet, clock, caller, show } = context;
  const { device, state, method, filter, sort } = query;
  const [least, most] = [timeAt('query.from', query.from), timeAt('query.to', query.to)];
  const search: TaskSearch = {
    ...(device === undefined ? {} : { device }),
    ...(state === undefined ? {} : { state }),
    ...(method === undefined ? {} : { method }),
    ...(await deviceFilter(filter, context)),
    ...(least === undefined ? {} : { from: least }),
    ...(most === undefined ? {} : { to: most }),
  };
  const views = new TaskViews(show);
  return {
    name: 'tasks',
    columns,
    limit: 100,
    isField: isFieldOf(fields),
    page: async ({ limit, cursor, fields }) => {
      const { items, next } = await fleet.tasks.list(
        {
          ...search,
          limit,
          ...(cursor ? { cursor } : {}),
          isOldestFirst: sort === 'created',
          isLean: fields !== undefined && !fields.some(name => /^result(\.|$)/.test(name)),
        },
        caller,
      );
      const shown: TaskView[] = [];
      for (const task of items) shown.push(await views.of(task));
      return next === undefined ? { items: shown } : { items: shown, next };
    },
    count: async () => ({ total: await fleet.tasks.count(search, caller), exact: true, countedAt: clock.now() }),
    view: view => view,
  };
}

type TaskView = Record<string, unknown>;
