// The parameters that a task sets or reads, held against the rights of the caller.
import { UserError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';
import type { TaskInput } from './new-task.ts';

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
