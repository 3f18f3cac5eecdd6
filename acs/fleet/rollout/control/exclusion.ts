// Devices that an operator leaves out of a rollout before they have begun.
import { UserError } from '../../../errors.ts';
import type { Caller } from '../../access/caller.ts';
import { retryConflicts } from '../../common/documents.ts';
import type { RolloutContext } from '../context.ts';
import { identityOf } from '../creation.ts';
import { inState } from '../devices.ts';
import { judgeAll } from '../many-positions.ts';
import type { Rollout } from '../plan.ts';

/** @returns the rollout after it @throws UserError 400, 403, 404, 409 where none of the devices waits */
export async function excludeFrom(
  context: RolloutContext,
  id: string,
  filter: string,
  caller: Caller,
): Promise<Rollout> {
  const { documents } = context;
  await documents.get(id);
  caller.readable(filter);
  const parts = [inState(id, 'planned'), `(${filter})`, ...(caller.scope === undefined ? [] : [`(${caller.scope})`])];
  const reason = 'left out by an operator';
  const count = await judgeAll(context, parts.join(' and '), { id, from: ['planned'], state: 'skipped', reason });
  if (count === 0)
    throw new UserError(409, 'nothing-planned', `rollout '${id}': none of these devices waits for its turn`);
  const text = `excluded: ${count} devices, ${filter}`;
  const { body } = await retryConflicts(
    async () => await documents.change(await documents.get(id), {}, text, identityOf(caller).name),
  );
  return body;
}
