// The task behind a link: a link is good for repeats and ranges until its transfer is settled or expires.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../../shared/log.ts';
import type { Task } from '../../device/task.ts';
import { UserError } from '../../errors.ts';
import type { EventBus } from '../../events.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import { type Direction, isGenuine, type LinkRoute } from './link.ts';

export interface TransferOptions {
  fleet: Fleet;
  log: Log;
  events: EventBus;
  /** Secret of the links, the same in all processes. */
  key: Buffer;
  /** Called when the link of a request is good: its connection is kept until it is answered. */
  keepConnection?: (request: FastifyRequest, reply: FastifyReply) => void;
}

/** @returns undefined when the link is forged or its transfer is over */
export async function openTaskOf(
  { fleet, key }: TransferOptions,
  params: LinkRoute['Params'],
  direction: Direction,
): Promise<Task | undefined> {
  if (!isGenuine(key, params, direction)) return undefined;
  const task = await unlessMissing(fleet.tasks.get(params.id));
  return task && (task.state === 'sent' || task.state === 'waiting') ? task : undefined;
}

/** Turns "not found" into undefined; the failure of a store stays a failure. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof UserError && error.status === 404) return undefined;
    throw error;
  }
}
