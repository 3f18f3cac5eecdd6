// The answers about diagnostics: the task of a run, with its result as named values and rows.
import type { Task } from '../../device/task.ts';
import { kindOf } from '../../fleet/diagnostics/request.ts';
import { resultOf } from '../../fleet/diagnostics/result.ts';
import { taskView } from './core.ts';
import type { Shown } from './limited.ts';

/** A caller who may read only some parameters gets the settings where the whole object is in its rights, and else only the values that are. */
export function diagnosticView(task: Task, show: Shown): Record<string, unknown> {
  const { diagnostic } = task;
  if (!diagnostic) return taskView(task, show);
  const { method: _method, args: _args, origin: _origin, diagnostic: _kind, result, ...view } = taskView(task, show);
  const { kind, input, path, paths } = diagnostic;
  const isReadable = (path === undefined ? paths : [path]).every(each => show.caller.mayRead(each));
  const list = (result as { ParameterList?: { Name: string; Value: string }[] } | undefined)?.ParameterList;
  return {
    ...view,
    kind,
    ...(isReadable ? { input } : {}),
    ...(path === undefined ? {} : { path }),
    ...(path !== undefined && list ? resultOf(kindOf(kind), path, list) : {}),
  };
}
