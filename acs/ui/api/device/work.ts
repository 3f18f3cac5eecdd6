// Calls about the work of one device: tasks, diagnostics, files, backups.
import type { Static } from 'typebox';
import type * as backupShapes from '../../../north/schemas/device-work/backups.ts';
import type * as diagnosticShapes from '../../../north/schemas/device-work/diagnostics.ts';
import type * as fileShapes from '../../../north/schemas/files.ts';
import type * as taskShapes from '../../../north/schemas/tasks.ts';
import { call } from '../call.ts';
import { devicePath } from '../devices.ts';
import type { Page } from '../shapes.ts';

export type Task = Static<typeof taskShapes.task>;
export type TaskInput = Static<typeof taskShapes.addTaskInput>;
export type Diagnostic = Static<typeof diagnosticShapes.diagnostic>;
export type Backup = Static<typeof backupShapes.backup>;
export type Difference = Static<typeof backupShapes.difference>;
export type StoredFile = Static<typeof fileShapes.file>;

/** A file that the device was offered, or was asked to send. */
export interface DeviceFile {
  file: string;
  direction: 'to-device' | 'from-device';
  state: Task['state'];
  origin: Task['origin'];
  task: string;
  created: string;
  ended: string | null;
  isApplied: boolean;
}

export interface TaskSearch {
  state?: string | undefined;
  cursor?: string | undefined;
}

/** Seconds that an action of the page waits for its outcome. */
const WAIT_S = 60;

/** Adds a task and wakes the device. @returns the task as it is after at most a minute */
export const carryOut = async (id: string, body: TaskInput): Promise<Task> =>
  await call('POST', devicePath(id, '/tasks'), { query: { wait: WAIT_S }, body });

const LEAN =
  'id,device,method,state,origin,file,created,started,ended,attempts,lastError,fault,diagnostic,notBefore,expires';

export const tasksOf = async (device: string, search: TaskSearch, signal?: AbortSignal): Promise<Page<Task>> =>
  await call('GET', '/tasks', { query: { device, limit: 50, fields: LEAN, count: true, ...search }, signal });

export const getTask = async (task: string, signal?: AbortSignal): Promise<Task> =>
  await call('GET', `/tasks/${task}`, { signal });

export const cancelTask = async (task: string): Promise<void> => await call('DELETE', `/tasks/${task}`);

export const clearFault = async (fault: string): Promise<void> =>
  await call('DELETE', `/faults/${encodeURIComponent(fault)}`);

/** Runs a diagnostic and waits for its end. */
export const runDiagnostic = async (
  id: string,
  kind: string,
  body: Readonly<Record<string, string | number>>,
  signal?: AbortSignal,
): Promise<Diagnostic> =>
  await call('POST', devicePath(id, `/diagnostics/${kind}`), { query: { wait: 300 }, body, signal });

export const diagnosticsOf = async (id: string, signal?: AbortSignal): Promise<Diagnostic[]> =>
  (await call<{ items: Diagnostic[] }>('GET', devicePath(id, '/diagnostics'), { query: { limit: 10 }, signal })).items;

export const filesOf = async (id: string, cursor?: string, signal?: AbortSignal): Promise<Page<DeviceFile>> =>
  await call('GET', devicePath(id, '/files'), { query: { limit: 50, cursor }, signal });

export const storedFiles = async (signal?: AbortSignal): Promise<StoredFile[]> =>
  (await call<{ items: StoredFile[] }>('GET', '/files', { query: { limit: 500 }, signal })).items;

export const backupsOf = async (id: string, signal?: AbortSignal): Promise<Backup[]> =>
  (await call<{ items: Backup[] }>('GET', devicePath(id, '/backups'), { signal })).items;

export const backUp = async (id: string): Promise<Task> =>
  await call('POST', devicePath(id, '/backups'), { query: { wait: WAIT_S }, body: {} });

export const differenceOf = async (
  id: string,
  { from, to }: { from: number; to: number },
  signal?: AbortSignal,
): Promise<Difference> => await call('GET', devicePath(id, '/backups/diff'), { query: { from, to }, signal });

export const restoreBackup = async (id: string, n: number): Promise<Task> =>
  await call('POST', devicePath(id, `/backups/${n}/restore`), { query: { wait: WAIT_S } });

/** The first part of all its paths, as far as they are known. */
export async function rootOf(id: string): Promise<string> {
  const { items } = await call<{ items: { path: string }[] }>('GET', devicePath(id, '/parameters'), {
    query: { limit: 1, fields: 'path' },
  });
  const path = items[0]?.path ?? 'Device.';
  return path.slice(0, path.indexOf('.') + 1);
}
