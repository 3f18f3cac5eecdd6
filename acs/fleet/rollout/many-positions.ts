// Positions of many devices, changed with one operation and announced one by one.
import type { ManyOperation } from '../../device/many.ts';
import type { RolloutContext } from './context.ts';
import type { Judgement } from './devices.ts';

/** Positions that one commit changes, some milliseconds of work; a session that changes its own device waits for that commit. */
export const MOVES = 200;

type Context = Pick<RolloutContext, 'store' | 'clock' | 'devices'>;

/** Judges every device that fits in the same way, and announces it. @returns how many have changed */
export async function judgeAll(context: Context, filter: string, judgement: Judgement): Promise<number> {
  let count = 0;
  for await (const rows of context.devices.pages(filter, ['id']))
    for (let at = 0; at < rows.length; at += MOVES) {
      const devices = rows.slice(at, at + MOVES).map(({ id }): [string] => [id]);
      const common = { ...judgement, now: context.clock.now() };
      count += (await moveAll(context, { name: 'rolloutJudged', common, devices })).moved;
    }
  return count;
}

/** Changes the positions of some devices in one commit, and announces them. @returns how many have changed, and ids that another rollout has under way */
export async function moveAll(
  { store, devices }: Context,
  many: ManyOperation,
): Promise<{ moved: number; elsewhere: string[] }> {
  const elsewhere: string[] = [];
  let count = 0;
  for (const [at, moved] of (await store.applyToMany(many)).entries()) {
    const [device = ''] = many.devices[at] ?? [];
    if (moved === 'elsewhere') elsewhere.push(device);
    else if (typeof moved !== 'string') {
      devices.announce(device, { id: many.common.id, ...moved });
      count++;
    }
  }
  return { moved: count, elsewhere };
}
