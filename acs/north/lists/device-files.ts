// The list of the files of a device: those that it was offered, and those that it was asked to send.
import type { Task } from '../../device/task.ts';
import { firstPage } from '../../fleet/access/first-page.ts';
import type { CallContext } from '../operation.ts';
import { isoOrNull } from '../views/times.ts';
import { isFieldOf } from './fields.ts';
import type { List } from './list.ts';

const columns = ['file', 'direction', 'state', 'origin', 'task', 'created', 'ended', 'isApplied'] as const;

/** The newest first. @throws UserError 404 */
export async function deviceFileList(device: string, { fleet, store }: CallContext): Promise<List<Task>> {
  const { applied } = await fleet.devices.row(device);
  return {
    name: 'device-files',
    columns,
    limit: 100,
    isField: isFieldOf(columns),
    page: async ({ limit, cursor }) =>
      await firstPage(
        { device, limit, isLean: true, ...(cursor === undefined ? {} : { cursor }) },
        query => store.tasks(query),
        async tasks => tasks.filter(({ file }) => file !== undefined),
      ),
    view: ({ id, file = '', fileHash, method, state, origin, created, ended }) => ({
      file,
      direction: method === 'Upload' ? 'from-device' : 'to-device',
      state,
      origin,
      task: id,
      created: isoOrNull(created),
      ended: isoOrNull(ended),
      isApplied: fileHash !== undefined && applied[file] === fileHash,
    }),
  };
}
