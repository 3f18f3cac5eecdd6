// A new task: its method and arguments are checked, and completed with what the ACS knows better.
import { type CpeMethod, methods, validateArguments } from '../../../shared/cwmp/methods.ts';
import type { Task, TaskBackup } from '../../device/task.ts';
import { isTransfer } from '../../device/task-evidence.ts';
import { UserError } from '../../errors.ts';
import type { FleetContext } from '../common/context.ts';
import { laterTime } from '../common/time-window.ts';
import type { Files } from '../files/files.ts';
import { type StoredFile, transferType } from '../files/stored-file.ts';
import { sealedArguments } from './task-texts.ts';
import { splitUserinfo } from './userinfo.ts';

export interface TaskInput {
  method: string;
  args?: Record<string, unknown>;
  /** Name of a stored file: a Download fetches it, an Upload writes it. The ACS fills in URL, type and size. */
  file?: string;
  /** Text of a Download that is made for this task alone. */
  content?: string;
  /** The backups of the device take what an Upload sends, or give what a Download fetches. */
  backup?: TaskBackup;
  /** Time before which it is not sent, ISO 8601. */
  notBefore?: string;
  /** Seconds, from now or from `notBefore`, after which a task that is still queued fails. */
  expiresIn?: number;
  /** The word by which the requester knows the task. */
  handle?: string;
  /** The rollout whose Download it is. */
  rollout?: string;
}

/** A job makes the ids of its tasks itself, so that it queues none of them twice. */
export type OfJob = Required<Pick<Task, 'id' | 'job'>>;

/** @throws UserError 400 for a method that an ACS does not call, and for arguments or a file that do not fit it; 404, 409 for the file */
export async function newTask(
  { random, clock, secrets }: FleetContext,
  files: Files,
  device: string,
  input: TaskInput,
  about: Pick<Task, 'origin'> & Partial<OfJob>,
): Promise<Task> {
  const method = methodOf(input.method);
  if (input.file && !isTransfer({ method })) throw new UserError(400, 'file-not-allowed', `${method} takes no file`);
  const stored = input.file && method !== 'Upload' ? await files.about(input.file) : undefined;
  if (input.file && method === 'Upload') await files.mayReceive(input.file);
  const { id = random.bytes(12).toString('hex'), origin, job } = about;
  const now = clock.now();
  const notBefore = input.notBefore === undefined ? now : laterTime('notBefore', input.notBefore, now);
  const begins = Math.max(now, notBefore);
  return {
    id,
    device,
    method,
    args: sealedArguments(secrets, completeArgs(method, id, input, stored)),
    state: 'queued',
    origin,
    created: now,
    ...(input.file ? { file: input.file } : {}),
    ...(stored ? { fileHash: stored.sha256 } : {}),
    ...(input.content === undefined ? {} : { content: secrets.seal(input.content) }),
    ...(begins > now ? { notBefore: begins } : {}),
    ...(input.expiresIn ? { expires: begins + input.expiresIn * 1000 } : {}),
    ...(input.backup ? { backup: input.backup } : {}),
    ...(input.handle === undefined ? {} : { handle: input.handle }),
    ...(input.rollout ? { rollout: input.rollout } : {}),
    ...(job === undefined ? {} : { job }),
  };
}

/** @throws UserError 400 for a name that is no RPC to a CPE */
export function methodOf(name: string): CpeMethod {
  const method = Object.hasOwn(methods, name) ? methods[name as CpeMethod] : undefined;
  if (method && (method.to as string) !== 'acs') return name as CpeMethod;
  const known = Object.entries(methods)
    .filter(([, { to }]) => to !== 'acs')
    .map(([method]) => method);
  const message = `'${name}' is not an RPC that an ACS calls (known: ${[...new Set(known)].join(', ')})`;
  throw new UserError(400, 'unknown-method', message);
}

/** Fills in a CommandKey, and what the stored file is. @throws UserError 400 */
function completeArgs(
  method: CpeMethod,
  id: string,
  { args, file, content, backup }: TaskInput,
  stored: StoredFile | undefined,
): Record<string, unknown> {
  const complete = isTransfer({ method }) ? { ...splitUserinfo(args ?? {}) } : { ...args };
  if (hasCommandKey(method) && !complete.CommandKey) complete.CommandKey = id;
  if (stored) {
    complete.FileType ??= transferType[stored.type];
    complete.FileSize ??= stored.size;
    complete.TargetFileName ??= stored.name;
  }
  // The link is made when the task is sent: it is bound to the task.
  const isServed = file !== undefined || content !== undefined || backup !== undefined;
  if (isServed) complete.URL = '';
  if (method === 'Upload') complete.FileType ??= '1 Vendor Configuration File';
  if (isTransfer({ method }) && !isServed && !complete.URL)
    throw new UserError(400, 'no-source', `${method} needs "file": the name of a stored file or args.URL`);
  return validateArguments(method, complete) as Record<string, unknown>;
}

const hasCommandKey = (method: CpeMethod): boolean => Object.hasOwn(methods[method].request, 'CommandKey');
