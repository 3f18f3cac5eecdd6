// Requests to the device from the tree of parameters, besides values: reading a part again, rows of tables.
import { addTask, type SentTask, type TaskInput } from '../../../api/device/parameters.ts';
import { problemOf } from '../../../api/problem.ts';
import { dismiss, tell } from '../../../state/toasts.ts';
import { parameters } from '../../../words/en/device/parameters.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('deviceParameters', parameters);

/** Sends a task, waits for its outcome and tells of it. @returns the task if the device has done it */
async function carryOut(id: string, input: TaskInput, done: (task: SentTask) => string): Promise<SentTask | undefined> {
  const asked = tell({ tone: 'busy', text: words().isReading });
  try {
    const task = await addTask(id, input, true);
    if (task.state === 'done') {
      tell({ tone: 'ok', text: done(task) });
      return task;
    }
    const { fault, connectionRequest, lastError } = task;
    if (task.state === 'failed')
      tell({ tone: 'bad', text: words().notDone(fault ? `${fault.code} ${fault.message}` : '') });
    else tell({ tone: 'busy', text: words().answerWaits(connectionRequest ?? lastError ?? task.state) });
  } catch (error) {
    tell({ tone: 'bad', text: problemOf(error).message });
  } finally {
    dismiss(asked);
  }
  return undefined;
}

/** Reads values and, of a part, their names: only these tell what can be set. */
export async function readAgain(id: string, path: string): Promise<void> {
  const isPart = path.endsWith('.');
  if (isPart)
    await addTask(id, { method: 'GetParameterNames', args: { ParameterPath: path, NextLevel: false } }, false);
  await readValues(id, path);
}

/** @param table with its final dot @returns the path of the new row */
export async function addRow(id: string, table: string): Promise<string | undefined> {
  const task = await carryOut(id, { method: 'AddObject', args: { ObjectName: table } }, ({ result }) =>
    words().rowAdded(String(result?.InstanceNumber ?? '')),
  );
  if (!task) return undefined;
  const row = `${table}${String(task.result?.InstanceNumber ?? '')}.`;
  await readAgain(id, row);
  return row;
}

/** @param row with its final dot */
export async function deleteRow(id: string, row: string): Promise<void> {
  await carryOut(id, { method: 'DeleteObject', args: { ObjectName: row } }, () => words().rowDeleted);
}

async function readValues(id: string, path: string): Promise<void> {
  await carryOut(id, { method: 'GetParameterValues', args: { ParameterNames: [path] } }, () => words().hasRead);
}
