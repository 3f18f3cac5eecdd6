// The creation of a rollout by a caller: its devices are narrowed to those that the rights reach, and its author is kept.

import { bothFilters } from '../../query/filter.ts';
import type { Caller } from '../access/caller.ts';
import type { Author } from '../access/principal.ts';
import { unknownDevice } from '../devices/devices.ts';
import { presetFilters } from '../presets/preset-filters.ts';
import type { RolloutContext } from './context.ts';
import type { StoredRollout } from './documents.ts';
import { type PlanInput, type Rollout, type RolloutInput, rolloutPlanOf } from './plan.ts';

/** @throws UserError 400 that names the place, 403, 404 */
export async function rolloutOf(
  { random, files, clock, store }: Pick<RolloutContext, 'random' | 'files' | 'clock' | 'store'>,
  input: RolloutInput,
  caller: Caller,
): Promise<Rollout> {
  const id = input.id ?? random.bytes(6).toString('hex');
  const about = { id, now: clock.now(), author: identityOf(caller), scope: caller.scope };
  const read = await withPresets(store, input, caller);
  return rolloutPlanOf(await withinRights(read, caller), await files.about(input.firmware), about);
}

/** The input with its filter as it is read, where that names presets: the rollout is for the devices that they fit now. */
async function withPresets(store: RolloutContext['store'], input: RolloutInput, caller: Caller): Promise<RolloutInput> {
  const { filter, where } = input;
  if (where || filter === undefined || !/\bpreset\b/i.test(filter)) return input;
  return { ...input, where: caller.readable(filter, await presetFilters({ store }, filter)) };
}

/** The rollout, carried out with the caller's rights from now on. */
export const withAuthor = ({ body, ...stored }: StoredRollout, caller: Caller): StoredRollout => ({
  ...stored,
  body: { ...body, author: identityOf(caller) },
});

/** A caller whose rights reach only some devices sees rollouts that were made with the same rights. */
export const isShown = ({ scope }: Pick<Rollout, 'scope'>, caller: Pick<Caller, 'isScoped' | 'scope'>): boolean =>
  !caller.isScoped || scope === caller.scope;

export const identityOf = ({ principal: { name, kind } }: Caller): Author => ({ name, kind });

/** The input with its devices narrowed to those that the caller reaches. @throws UserError 400, 403, 404 */
export async function withinRights<I extends PlanInput>(input: I, caller: Caller): Promise<I> {
  const { filter, where, devices, success } = input;
  for (const text of [where ? undefined : filter, success?.filter]) if (text !== undefined) caller.readable(text);
  if (!caller.isScoped) return input;
  const seen = await caller.seen(devices ?? []);
  const unseen = devices?.find(id => !seen.has(id));
  if (unseen !== undefined) throw unknownDevice(unseen);
  if (filter === undefined) return input;
  const narrowed = { ...input, filter: `(${filter}) and (${caller.scope})` };
  const both = where && bothFilters(where, caller.within);
  return both ? { ...narrowed, where: both } : narrowed;
}
