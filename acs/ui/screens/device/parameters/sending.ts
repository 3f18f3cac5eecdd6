// Sends staged changes: as tasks of the device, or as overrides. What the device makes of a task is noted at each change.

import { wake } from '../../../api/device/device.ts';
import {
  addTask,
  getTask,
  knownValue,
  type SentTask,
  setOverrides,
  setTask,
  type TaskInput,
} from '../../../api/device/parameters.ts';
import { isAborted, problemOf } from '../../../api/problem.ts';
import { carried, type Edits, refused, without } from '../../../state/staged/edit.ts';
import { restage, stagedOf } from '../../../state/staged/staged.ts';

export const whens = ['now', 'next', 'tonight', 'override'] as const;
export type When = (typeof whens)[number];

/** Reads that are under way together. */
const AT_ONCE = 8;

/** @returns the newest known values of the changes whose value is another than the one they began with */
export async function changedMeanwhile(id: string, edits: Edits): Promise<Map<string, string>> {
  const changed = new Map<string, string>();
  for (let at = 0; at < edits.length; at += AT_ONCE)
    await Promise.all(
      edits.slice(at, at + AT_ONCE).map(async ({ path, from }) => {
        const value = await knownValue(id, path);
        if (value !== undefined && value !== from) changed.set(path, value);
      }),
    );
  return changed;
}

export const valuesOf = (edits: Edits): Record<string, string> =>
  Object.fromEntries(edits.map(({ path, to }) => [path, to]));

export interface Sent {
  overrides: number;
  task?: SentTask;
  /** The reason why the device could not be asked to connect. */
  unwoken?: string;
}

/** @param notBefore ISO 8601, for what is sent at night @param night the same as text @throws Problem */
export async function send(
  id: string,
  edits: Edits,
  { when, notBefore, night, force = false }: { when: When; notBefore: string; night: string; force?: boolean },
): Promise<Sent> {
  const kept = edits.filter(({ way }) => way === 'override' || when === 'override');
  const once = edits.filter(edit => !kept.includes(edit));
  if (kept.length > 0) {
    await setOverrides(id, valuesOf(kept), force);
    restage(id, list => without(list, pathsOf(kept)));
  }
  const task =
    once.length > 0 ? await sendTask(id, once, when === 'tonight' ? { notBefore, night } : undefined) : undefined;
  const unwoken = when === 'now' || when === 'override' ? await wakeReason(id) : undefined;
  return { overrides: kept.length, ...(task ? { task } : {}), ...(unwoken === undefined ? {} : { unwoken }) };
}

/** The task is known before the device has answered, so that neither a reload nor a lost device forgets it. */
async function sendTask(id: string, edits: Edits, later?: { notBefore: string; night: string }): Promise<SentTask> {
  const time: Partial<TaskInput> = later ? { notBefore: later.notBefore, wake: true } : {};
  const task = await addTask(id, { ...setTask(valuesOf(edits)), ...time }, false);
  restage(id, list => carried(list, pathsOf(edits), task.id, later?.night));
  return task;
}

async function wakeReason(id: string): Promise<string | undefined> {
  try {
    await wake(id);
    return undefined;
  } catch (error) {
    return problemOf(error).message;
  }
}

const pathsOf = (edits: Edits): string[] => edits.map(({ path }) => path);

/** Settles changes whose task has ended. @returns the number of them */
export function settle(id: string, task: SentTask): number {
  const paths = stagedOf(id)
    .peek()
    .filter(edit => edit.task === task.id)
    .map(({ path }) => path);
  if (paths.length === 0) return 0;
  if (task.state === 'done') restage(id, list => without(list, paths));
  else if (task.state === 'failed')
    restage(id, list => refused(list, paths, task.fault ?? { code: 'failed', message: task.lastError ?? '' }));
  else if (task.state === 'cancelled') restage(id, list => refused(list, paths, { code: 'cancelled', message: '' }));
  else return 0;
  return paths.length;
}

/** The state of each task that carries changes; one that is gone counts as cancelled. */
export async function carriers(edits: Edits): Promise<SentTask[]> {
  const ids = [...new Set(edits.flatMap(({ task }) => task ?? []))];
  const found = await Promise.all(
    ids.map(async task => {
      try {
        return await getTask(task);
      } catch (error) {
        if (isAborted(error)) return undefined;
        if (problemOf(error).status !== 404) return undefined;
        return { id: task, method: 'SetParameterValues', state: 'cancelled' } as const;
      }
    }),
  );
  return found.filter(task => task !== undefined);
}
