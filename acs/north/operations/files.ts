// Operations on stored files.
import { UserError } from '../../errors.ts';
import type { FileAbout, StoredFile } from '../../fleet/files/stored-file.ts';
import { assertFile } from '../../fleet/files/visible.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import { deviceFileList } from '../lists/device-files.ts';
import { type FileListQuery, fileList } from '../lists/files.ts';
import { answerList } from '../lists/list.ts';
import type { CallContext, IncomingBytes, Operation, OperationInput, OperationOutput } from '../operation.ts';
import { noDevice, none, param } from '../operation.ts';
import * as schemas from '../schemas/files.ts';
import { fileView } from '../views/core.ts';

const MAX_FILE = 256 * 1024 * 1024;

async function putFile(
  { params, query, body }: OperationInput,
  { fleet, edit }: CallContext,
): Promise<OperationOutput> {
  const { name = '' } = params;
  const about = query as unknown as FileAbout;
  const { content, announced } = body as IncomingBytes;
  let status = 201;
  const allow = async (before: StoredFile | undefined, after?: StoredFile): Promise<void> => {
    status = before ? 200 : 201;
    if (before && before.type !== about.type)
      await refuseUsed(fleet, name, `stored as another type than ${before.type}`);
    if (before) await refuseInRollout(fleet, name, 'replaced');
    if (before && after && !query.force) await fleet.guard.file(before, after);
  };
  const limits = { most: MAX_FILE, allow, edit, ...(announced === undefined ? {} : { announced }) };
  const file = await fleet.files.put(name, content, about, limits);
  return { status, body: fileView(file) };
}

/** @throws UserError 409 when presets use the file */
async function refuseUsed(fleet: Fleet, name: string, change: string): Promise<void> {
  const users = await fleet.presets.usersOf(name);
  if (users.length)
    throw new UserError(409, 'file-in-use', `'${name}' cannot be ${change}: used by preset ${users.join(', ')}`, {
      users,
    });
}

/** @throws UserError 409 when a rollout or a job that has not ended uses the file */
async function refuseInRollout(fleet: Fleet, name: string, change: string): Promise<void> {
  const users = {
    rollout: await fleet.rollouts.usersOf(name),
    job: await fleet.jobs.reads.usersOf(name),
  };
  for (const [kind, ids] of Object.entries(users))
    if (ids.length > 0) {
      const text = `'${name}' cannot be ${change}: used by ${kind} ${ids.join(', ')}`;
      throw new UserError(409, 'file-in-use', text, { users: ids });
    }
}

export const files: readonly Operation[] = [
  {
    name: 'listFiles',
    summary: 'Lists stored files, with the presets and rollouts that use them',
    method: 'GET',
    path: '/files',
    role: 'viewer',
    scope: 'devices',
    parameters: 'none',
    query: schemas.fileListQuery,
    answers: { 200: schemas.files },
    csv: true,
    run: async (input, context) => await answerList(input, fileList(input.query as FileListQuery, context)),
  },
  {
    name: 'listDeviceFiles',
    summary: 'Lists the files that a device was offered or was asked to send, the newest first; a page may end early',
    method: 'GET',
    path: '/devices/:id/files',
    role: 'viewer',
    scope: 'device',
    parameters: 'none',
    query: schemas.deviceFileQuery,
    answers: { 200: schemas.deviceFiles },
    csv: true,
    problems: noDevice,
    run: async (input, context) => await answerList(input, await deviceFileList(param(input), context)),
  },
  {
    name: 'putFile',
    summary: 'Stores a file; the body is its content',
    method: 'PUT',
    path: '/files/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'sets-any',
    entity: { kind: 'file' },
    query: schemas.fileQuery,
    body: 'bytes',
    answers: { 200: schemas.file, 201: schemas.file },
    problems: {
      409: 'A preset needs the file with its current type, a rollout uses it, or devices would lose the ACS',
      413: 'The file exceeds 256 MB',
    },
    run: putFile,
  },
  {
    name: 'getFile',
    summary: 'Reads the content of a stored file',
    method: 'GET',
    path: '/files/:name',
    role: 'operator',
    scope: 'devices',
    parameters: 'shows-any',
    entity: { kind: 'file' },
    answers: { 200: 'bytes' },
    problems: { 404: 'No such file' },
    run: async ({ params: { name = '' } }, { fleet, caller }) => {
      await assertFile(name, fleet, caller);
      const { file, content } = await fleet.files.open(name);
      const headers = {
        'content-type': 'application/octet-stream',
        'content-length': String(file.size),
        'x-file-type': file.type,
        etag: `"${file.sha256}"`,
      };
      return { bytes: content, headers };
    },
  },
  {
    name: 'deleteFile',
    summary: 'Deletes a stored file that is not in use',
    method: 'DELETE',
    path: '/files/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'file' },
    answers: { 204: 'nothing' },
    problems: { 404: 'No such file', 409: 'A preset or a rollout uses the file' },
    run: async ({ params: { name = '' } }, { fleet, edit }) => {
      await refuseUsed(fleet, name, 'deleted');
      await refuseInRollout(fleet, name, 'deleted');
      await fleet.files.remove(name, edit);
      return none;
    },
  },
];
