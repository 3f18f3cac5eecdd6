// The claim of a device that informs, also where another process still holds it. The CPE has begun a new session, so the old one is over
// (TR-069 3.7.1.1): a process that is gone is not asked, one that lives yields its session first.
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { Informed, InformFacts } from '../../device/operation-types.ts';
import type { Claim } from '../../device/row.ts';
import type { Store } from '../../store/store.ts';
import { BEAT_MS, LEASE_MS, type Members } from '../common/members.ts';
import type { YieldSession } from '../common/ports.ts';

export interface ClaimContext {
  store: Pick<Store, 'apply'>;
  clock: Clock;
  log: Log;
  members: Members;
  ports: { yieldSession?: YieldSession };
}

/** A CPE waits at least 30 s for the answer to its Inform (TR-069 3.4.2); by then a member that is silent is known to be gone. */
const PATIENCE_MS = LEASE_MS + 2 * BEAT_MS;
const RETRY_MS = 500;
/** More processes than this do not take a device between the question and the claim. */
const MAX_RACES = 5;

/** @returns as the store's `informed`; `busy` only where the other process lives and does not answer */
export async function claimDevice(context: ClaimContext, id: string, facts: InformFacts): Promise<Informed> {
  let asked = facts;
  for (let race = 0; ; race++) {
    const informed = await context.store.apply(id, 'informed', asked);
    if (informed.outcome !== 'busy' || race === MAX_RACES) return informed;
    if (!(await isFree(context, id, informed.claim))) return informed;
    asked = { ...facts, takeOver: informed.claim.token };
  }
}

async function isFree({ clock, log, members, ports }: ClaimContext, device: string, claim: Claim): Promise<boolean> {
  if (members.alone) return false;
  const until = clock.monotonic() + PATIENCE_MS;
  for (;;) {
    if (await members.isGone(claim.owner)) return true;
    try {
      await (ports.yieldSession ?? noWay)(claim.owner, device, claim.token);
      return true;
    } catch (error) {
      log.debug('session not yielded', { device, member: claim.owner, reason: messageOf(error) });
    }
    if (clock.monotonic() >= until) return false;
    await clock.sleep(RETRY_MS);
  }
}

const noWay = async (member: string): Promise<void> => {
  throw new Error(`there is no way to reach ${member}`);
};
