// The engine of rollouts: one step finds what is due and does it. A step may be cut off anywhere and done again: all state is in the
// devices' rows and in the rollout's document, each changed in one write.
import { isConflict } from '../../../shared/errors.ts';
import type { RolloutContext } from './context.ts';
import type { StoredRollout } from './documents.ts';
import { forEachDue, nextDue } from './due-positions.ts';
import { RolloutPhases } from './phases.ts';
import { verdictOn } from './verdict.ts';

/** Advances of one rollout or job in one step, each of which has moved something. */
const MAX_ADVANCES = 20;

/** Advances a rollout or a job as far as it can be now. @returns whether there may be more to do than one step does */
export async function advanceAll<S>(
  find: () => Promise<S | undefined>,
  phases: { advance(stored: S): Promise<boolean> },
  isStopped: () => boolean,
): Promise<boolean> {
  let hasMore = true;
  try {
    for (let advances = 0; hasMore && advances < MAX_ADVANCES && !isStopped(); advances++) {
      const stored = await find();
      hasMore = stored !== undefined && (await phases.advance(stored));
    }
  } catch (error) {
    // An operator or another process was faster: the next step reads it as they left it.
    if (!isConflict(error)) throw error;
  }
  return hasMore;
}

export class RolloutEngine {
  readonly #context: RolloutContext;
  readonly #phases: RolloutPhases;
  #isStopped = false;

  constructor(context: RolloutContext) {
    this.#context = context;
    this.#phases = new RolloutPhases(context);
  }

  /** Does all that is due, of all rollouts. @returns when there is something to do again, milliseconds, as far as a time tells */
  async step(): Promise<number | undefined> {
    const { clock, documents } = this.#context;
    const began = clock.now();
    const stored = await documents.list();
    if (stored.length > 0) await this.#judgeDue(stored);
    let hasMore = false;
    for (const { body } of stored) hasMore = (await this.#stepOne(body.id)) || hasMore;
    // A position that was due by then and could not be judged waits for an event, not for a time.
    return hasMore ? began : await nextDue(this.#context, began);
  }

  /** Judges positions whose time has come, of all rollouts. */
  async #judgeDue(stored: readonly StoredRollout[]): Promise<void> {
    const { devices, store, clock } = this.#context;
    const rollouts = new Map(stored.map(({ body }) => [body.id, body]));
    await forEachDue(this.#context, async row => {
      const id = row.rollout?.id ?? '';
      const verdict = await verdictOn(row, rollouts.get(id), store, clock.now());
      if (verdict !== undefined) await devices.judgeAndAnnounce(row.id, { id, ...verdict });
    });
  }

  /** @returns whether there may be more to do than one step does */
  async #stepOne(id: string): Promise<boolean> {
    const find = () => this.#context.documents.find(id);
    return await advanceAll(find, this.#phases, () => this.#isStopped);
  }

  /** Begins nothing any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#phases.stop();
  }
}
