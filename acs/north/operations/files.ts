// Stored files: bytes in, bytes out.
import { UserError } from '../../errors.ts';
import type { FileAbout, StoredFile } from '../../fleet/files/stored-file.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { IncomingBytes, Operation, OperationContext, OperationInput, OperationOutput } from '../operation.ts';
import { none, ok } from '../operation.ts';
import * as schemas from '../schemas/core.ts';
import { fileView } from '../views/core.ts';

const { answers } = schemas;

const MAX_FILE = 256 * 1024 * 1024;

async function putFile({ params, query, body }: OperationInput, { fleet }: OperationContext): Promise<OperationOutput> {
  const { name = '' } = params;
  const about = query as unknown as FileAbout;
  const { content, announced } = body as IncomingBytes;
  let status = 201;
  const allow = async (before: StoredFile | undefined, after?: StoredFile): Promise<void> => {
    status = before ? 200 : 201;
    if (before && before.type !== about.type) await refuseUsed(fleet, name, `stay a ${before.type} file`);
    if (before) await refuseRolledOut(fleet, name, 'replaced');
    if (before && after && !query.force) await fleet.guard.file(before, after);
  };
  const limits = { most: MAX_FILE, allow, ...(announced === undefined ? {} : { announced }) };
  const file = await fleet.files.put(name, content, about, limits);
  return { status, body: fileView(file) };
}

/** @throws UserError 409 when presets want the file */
async function refuseUsed(fleet: Fleet, name: string, must: string): Promise<void> {
  const users = await fleet.presets.usersOf(name);
  if (users.length)
    throw new UserError(409, 'file-in-use', `'${name}' must ${must}: preset ${users.join(', ')} wants it`, { users });
}

/** @throws UserError 409 when a rollout wants devices to run the file */
async function refuseRolledOut(fleet: Fleet, name: string, what: string): Promise<void> {
  const users = await fleet.rollouts.usersOf(name);
  if (users.length)
    throw new UserError(409, 'file-in-use', `'${name}' cannot be ${what}: rollout ${users.join(', ')} wants it`, {
      users,
    });
}

export const files: readonly Operation[] = [
  {
    name: 'listFiles',
    summary: 'Stored files',
    method: 'GET',
    path: '/files',
    role: 'viewer',
    answers: { 200: answers.files },
    run: async (_input, { fleet }) => ok({ items: (await fleet.files.list()).map(fileView) }),
  },
  {
    name: 'putFile',
    summary: 'Stores a file: bytes in',
    method: 'PUT',
    path: '/files/:name',
    role: 'operator',
    query: schemas.fileQuery,
    body: 'bytes',
    answers: { 200: answers.file, 201: answers.file },
    problems: {
      409: 'Presets want it as the type that it has, or a rollout as it is; or devices would lose the ACS by it',
      413: 'More than 256 MB',
    },
    run: putFile,
  },
  {
    name: 'getFile',
    summary: 'A stored file: bytes out',
    method: 'GET',
    path: '/files/:name',
    role: 'operator',
    answers: { 200: 'bytes' },
    problems: { 404: 'No such file' },
    run: async ({ params: { name = '' } }, { fleet }) => {
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
    summary: 'Deletes a stored file that no preset wants',
    method: 'DELETE',
    path: '/files/:name',
    role: 'operator',
    answers: { 204: 'nothing' },
    problems: { 404: 'No such file', 409: 'A preset or a rollout wants it' },
    run: async ({ params: { name = '' } }, { fleet }) => {
      await refuseUsed(fleet, name, 'stay');
      await refuseRolledOut(fleet, name, 'deleted');
      await fleet.files.remove(name);
      return none;
    },
  },
];
