// Tasks as operators look for them.
import type { Task } from '../../device/task.ts';
import { UserError } from '../../errors.ts';
import { bothFilters, type Filter } from '../../query/filter.ts';
import type { TaskChoice } from '../../store/store.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';

const taskStates: ReadonlySet<string> = new Set(['queued', 'sent', 'waiting', 'done', 'failed', 'cancelled']);

export interface TaskSearch extends Pick<TaskChoice, 'device' | 'method' | 'from' | 'to'> {
  /** States, separated by commas. */
  state?: string;
  /** Over the device, as the caller may read it. */
  filter?: Filter;
}

type Context = Pick<FleetContext, 'store' | 'clock'>;

export interface TaskPageSearch extends TaskSearch {
  limit: number;
  cursor?: string;
  isOldestFirst?: boolean;
  isLean?: boolean;
}

/** Tasks of devices that the caller reaches. @throws UserError 400, 403 */
export async function listTasks(
  context: Context,
  { limit, cursor, isOldestFirst = false, isLean = false, ...search }: TaskPageSearch,
  caller: Caller,
): Promise<{ items: Task[]; next?: string }> {
  const choice = choiceOf(context, search, caller);
  return await context.store.tasks({ ...choice, limit, isOldestFirst, isLean, ...(cursor ? { cursor } : {}) });
}

/** @throws UserError 400, 403 */
export const countTasks = async (context: Context, search: TaskSearch, caller: Caller): Promise<number> =>
  await context.store.countTasks(choiceOf(context, search, caller));

function choiceOf({ clock }: Context, { state, filter: own, ...choice }: TaskSearch, caller: Caller): TaskChoice {
  const filter = bothFilters(own, caller.within);
  return {
    ...choice,
    ...(state ? { states: statesOf(state) } : {}),
    ...(filter ? { within: { filter, now: clock.now() } } : {}),
  };
}

function statesOf(text: string): Task['state'][] {
  const states = [...new Set(text.split(',').map(name => name.trim()))];
  const stray = states.find(name => !taskStates.has(name));
  if (stray !== undefined)
    throw new UserError(
      400,
      'bad-input',
      `query.state: '${stray.slice(0, 60)}' is none of ${[...taskStates].join(', ')}`,
    );
  return states as Task['state'][];
}
