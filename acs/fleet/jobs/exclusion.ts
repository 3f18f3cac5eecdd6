// Devices that an operator leaves out of a job before they have begun.
import { UserError } from '../../errors.ts';
import { bothFilters, type Filter } from '../../query/filter.ts';
import type { Caller } from '../access/caller.ts';
import { devicesWithin } from '../access/device-reach.ts';
import { retryConflicts } from '../common/documents.ts';
import { identityOf } from '../rollout/creation.ts';
import type { JobContext } from './context.ts';
import type { Job } from './job.ts';
import { movePair } from './positions.ts';

/** @returns the job after it @throws UserError 400, 403, 404, 409 where none of the devices waits */
export async function excludeFrom(context: JobContext, id: string, filter: string, caller: Caller): Promise<Job> {
  const { documents } = context;
  await documents.get(id);
  const count = await excludeAll(context, id, bothFilters(caller.readable(filter), caller.within));
  if (count === 0) throw new UserError(409, 'nothing-planned', `job '${id}': none of these devices waits for its turn`);
  const text = `excluded: ${count} devices, ${filter}`;
  const { body } = await retryConflicts(
    async () => await documents.change(await documents.get(id), {}, text, identityOf(caller).name),
  );
  return body;
}

/** Skips devices that fit the filter and wait for their turn. @returns how many */
async function excludeAll(context: JobContext, job: string, filter: Filter | undefined): Promise<number> {
  const { positions, clock } = context;
  let count = 0;
  if (!filter) return count;
  for (const state of ['planned', 'away'] as const)
    for await (const items of positions.pages(job, state)) {
      const fitting = await devicesWithin(
        context,
        filter,
        items.map(({ device }) => device),
      );
      const skip = { state: 'skipped', code: 'excluded', reason: 'left out by an operator' } as const;
      const pairs = items
        .filter(({ device }) => fitting.has(device))
        .map(position => movePair(position, skip, clock.now()));
      count += (await positions.move(pairs)).length;
    }
  return count;
}
