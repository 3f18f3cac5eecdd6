// The rights of a rollout's author, judged whenever devices are offered their image: a rollout goes no further than its author may.
import type { DeviceRow } from '../../device/row.ts';
import { Caller } from '../access/caller.ts';
import { allowsOperation, type OperationFacts } from '../access/rights.ts';
import type { RolloutContext } from './context.ts';
import { inBatches, type Judgement } from './devices.ts';
import type { Rollout } from './plan.ts';

/** The operation that creates rollouts, which its author must still be allowed. */
const creation: OperationFacts = { name: 'createRollout', role: 'operator', isRead: false };

/** @returns the author with its rights now; undefined for a rollout that every device may follow; `gone` where it may create none any more */
export async function authorOf(
  context: Pick<RolloutContext, 'access' | 'store' | 'clock'>,
  { author }: Pick<Rollout, 'author'>,
): Promise<Caller | 'gone' | undefined> {
  if (!author) return undefined;
  const principal = await context.access.now(author);
  if (!principal || !allowsOperation(principal.rights, creation)) return 'gone';
  return principal.rights.devices ? new Caller(context, principal) : undefined;
}

const BEYOND = 'the rights of the author do not reach it any more';

/** Skips devices that the rights of its author reach no more. @returns the others, and how many were skipped */
export async function reachedBy(
  context: RolloutContext,
  rollout: Rollout,
  rows: readonly DeviceRow[],
): Promise<{ reached: readonly DeviceRow[]; skipped: number }> {
  const author = await authorOf(context, rollout);
  if (author === undefined || author === 'gone') return { reached: rows, skipped: 0 };
  const seen = await author.seen(rows.map(({ id }) => id));
  const beyond = rows.filter(({ id }) => !seen.has(id));
  const skip: Judgement = { id: rollout.id, from: ['planned'], state: 'skipped', reason: BEYOND };
  await inBatches(beyond, ({ id }) => context.devices.judgeAndAnnounce(id, skip));
  return { reached: rows.filter(({ id }) => seen.has(id)), skipped: beyond.length };
}
