// The parameters that tasks and presets set or read, held against the rights of the caller.
import { UserError } from '../errors.ts';
import type { Caller } from '../fleet/access/caller.ts';
import type { Preset } from '../fleet/presets/preset.ts';
import type { TaskInput } from '../fleet/tasks/new-task.ts';

/** Names in a list of structures, of texts, or in an object by name. What is none of these is refused by the check of arguments. */
function namesIn(list: unknown): string[] {
  if (Array.isArray(list))
    return list.flatMap(entry => {
      const name = typeof entry === 'string' ? entry : (entry as { Name?: unknown } | null)?.Name;
      return typeof name === 'string' ? [name] : [];
    });
  return typeof list === 'object' && list !== null ? Object.keys(list) : [];
}

/** RPCs that name what they set or read, and those that touch no value. All others may concern any parameter. */
const judged: Readonly<Record<string, (caller: Caller, args: Record<string, unknown>) => void>> = {
  SetParameterValues: (caller, { ParameterList }) => caller.assertSets(namesIn(ParameterList)),
  SetParameterAttributes: (caller, { ParameterList }) => caller.assertSets(namesIn(ParameterList)),
  AddObject: (caller, { ObjectName }) => caller.assertSets([String(ObjectName)]),
  DeleteObject: (caller, { ObjectName }) => caller.assertSets([String(ObjectName)]),
  GetParameterValues: (caller, { ParameterNames }) => caller.assertReads(namesIn(ParameterNames)),
  GetParameterAttributes: (caller, { ParameterNames }) => caller.assertReads(namesIn(ParameterNames)),
  ...Object.fromEntries(
    ['GetParameterNames', 'Reboot', 'ScheduleInform', 'GetRPCMethods', 'CancelTransfer', 'GetOptions'].map(method => [
      method,
      () => undefined,
    ]),
  ),
};

/** @throws UserError 403 for a parameter, a stored file or an RPC out of the rights */
export function assertTask(caller: Caller, { method, args = {}, file }: TaskInput): void {
  if (method === 'Upload' && file !== undefined && caller.isScoped)
    throw new UserError(
      403,
      'out-of-scope',
      `file: '${file}' is stored for all devices, and your rights reach only some`,
    );
  if (caller.readsAll && caller.setsAll) return;
  const judge = Object.hasOwn(judged, method) ? judged[method] : undefined;
  if (!judge)
    throw new UserError(
      403,
      'parameters-forbidden',
      `${method} may concern any parameter; your rights allow only some`,
    );
  judge(caller, args);
}

/** @throws UserError 403 for a preset that sets, or may set, parameters out of the rights */
export function assertSetsPreset(caller: Caller, preset: Preset): void {
  const { when, set = {}, objects = {}, certificates = [], script, firmware } = preset;
  if (when !== undefined && !caller.readsAll) caller.readable(when);
  if (caller.setsAll) return;
  const place = script ? 'script' : firmware ? 'firmware' : certificates.length > 0 ? 'certificates' : undefined;
  if (place)
    throw new UserError(
      403,
      'parameters-forbidden',
      `${place}: a file may set any parameter; your rights allow only some`,
    );
  const cells = Object.entries(objects).flatMap(([table, { keys, rows, exclusive }]) =>
    exclusive
      ? [table]
      : [...new Set([...keys, ...rows.flatMap(row => Object.keys(row))])].map(name => `${table}*.${name}`),
  );
  caller.assertSets([...Object.keys(set), ...cells]);
}
