// A job: what is to be done with many devices, how its input becomes a plan, and how it is stored.
import { UserError } from '../../errors.ts';
import type { Author } from '../access/principal.ts';
import { checkInput, type Plan, type PlanInput, planOf } from '../rollout/plan.ts';
import type { Step } from './step.ts';

export interface JobInput extends Omit<PlanInput, 'filter' | 'devices'> {
  id?: string;
  /** Words of the operator. */
  name?: string;
  devices: { filter?: string; ids?: string[] };
  /** A word of the requester, which the tasks of the job have too. */
  handle?: string;
  /** Steps that each device takes in this order. */
  do: Step[];
  /** Devices that come to fit the filter later take part. */
  dynamic?: boolean;
  /** No device begins before, RFC 3339. */
  notBefore?: string;
  /** The number of devices that the caller has seen: the job is refused where it has moved by more than 1 %. */
  expect?: number;
}

/** A job as it is stored, kind `job`. Times in milliseconds. */
export interface Job extends Plan {
  name?: string;
  handle?: string;
  /** Secrets in it are sealed. */
  do: Step[];
  dynamic?: true;
  notBefore?: number;
  /** Devices that fit by now were looked for then. */
  swept?: number;
  /** Each device that can go back has been turned round. */
  turned?: true;
}

const bad = (text: string): UserError => new UserError(400, 'bad-job', text);

/** @param steps checked and sealed @throws UserError 400 that names the place */
export function jobOf(
  { devices: { filter, ids }, name, handle, dynamic, notBefore, ...input }: JobInput,
  steps: Step[],
  facts: { id: string; now: number; author: Author; scope: string | undefined },
): Job {
  const asked: PlanInput = { ...input, ...(filter === undefined ? {} : { filter }), ...(ids ? { devices: ids } : {}) };
  checkInput(asked, text => bad(text.replace('"filter" or "devices"', 'devices: "filter" or "ids"')));
  if (dynamic && filter === undefined) throw bad('dynamic: only the devices of a filter can grow in number');
  const { do: _do, success = {}, ...rest } = { ...asked, do: steps };
  const isWatched = Object.keys(success).length > 0;
  // Without a wish for it, no device is watched after its last step.
  const wanted = isWatched ? success : { online: false, noFault: false };
  return {
    ...planOf({ ...rest, success: wanted }, facts, 0),
    ...(name === undefined ? {} : { name }),
    ...(handle === undefined ? {} : { handle }),
    do: steps,
    ...(dynamic ? { dynamic } : {}),
    ...(notBefore === undefined ? {} : { notBefore: Date.parse(notBefore) }),
  };
}

/** @returns whether devices are watched after their last step */
export const isWatching = ({ success }: Pick<Job, 'success'>): boolean =>
  success.soakMs > 0 || success.online || success.noFault || success.filter !== undefined;
