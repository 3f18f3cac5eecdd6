// The documents of rollouts (kind `rollout`), each changed only where it is still the one that was read.

import { isConflict } from '../../../shared/errors.ts';
import type { RolloutPosition } from '../../device/rollout-position.ts';
import { UserError } from '../../errors.ts';
import { noticeId } from '../../store/notices.ts';
import type { Notice, StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';
import { logged, type Rollout } from './plan.ts';

export type StoredRollout = StoredDocument<Rollout>;

export const unknownRollout = (id: string): UserError => new UserError(404, 'no-such-rollout', `no rollout '${id}'`);

export class RolloutDocuments {
  readonly #context: FleetContext;
  readonly #documents: Documents<Rollout>;

  constructor(context: FleetContext) {
    this.#context = context;
    this.#documents = documents<Rollout>(context, 'rollout', {
      missing: unknownRollout,
      changeEvent: false,
    });
  }

  /** All rollouts, with those that are being deleted. */
  list(): Promise<StoredRollout[]> {
    return this.#documents.list();
  }

  find(id: string): Promise<StoredRollout | undefined> {
    return this.#documents.find(id);
  }

  /** The rollouts that are not being deleted. */
  async shown(): Promise<Rollout[]> {
    return (await this.list()).map(({ body }) => body).filter(({ phase }) => phase !== 'deleting');
  }

  /** Reads a rollout that is not being deleted. @throws UserError 404 */
  async get(id: string): Promise<StoredRollout> {
    const found = await this.#documents.get(id);
    if (found.body.phase === 'deleting') throw unknownRollout(id);
    return found;
  }

  /** @returns rollouts that want a stored file, by id */
  async usersOf(file: string): Promise<string[]> {
    const using = (await this.shown()).filter(({ firmware, back }) => firmware.file === file || back.includes(file));
    return using.map(({ id }) => id);
  }

  /** @returns whether a device with that position may act on its offer */
  async isOffering(position: RolloutPosition | undefined): Promise<boolean> {
    const found = position && (await this.find(position.id));
    return found !== undefined && isActive(found.body, position?.back === true);
  }

  /** @throws UserError 409 where there is one of that id, also one that is being deleted */
  async create(rollout: Rollout): Promise<void> {
    try {
      await this.#documents.replace(rollout.id, rollout, undefined);
    } catch (error) {
      if (!isConflict(error)) throw error;
      throw new UserError(409, 'rollout-exists', `rollout '${rollout.id}' exists`);
    }
    this.#context.events.emit('rollout', progressOf(rollout));
  }

  /**
   * Changes a rollout where it is still the one that was read. A new phase or wave is announced to webhooks, too.
   * @param text for its log @param by the actor, where it was one
   * @throws UserError 409 for which `isConflict` holds
   */
  async change(stored: StoredRollout, to: Partial<Rollout>, text?: string, by?: string): Promise<StoredRollout> {
    const now = this.#context.clock.now();
    const before = stored.body;
    const body: Rollout = { ...before, ...to, log: text ? logged(before, now, text, by) : before.log };
    const isMoved = body.phase !== before.phase || body.wave !== before.wave;
    if (isMoved) body.opened = now;
    const notices = isMoved ? [noticeOf(body, now)] : [];
    const changed = await this.#documents.replace(before.id, body, stored, notices);
    if (isMoved) {
      this.#context.events.emit('rollout', progressOf(body));
      this.#context.log.info('rollout moved on', progressOf(body));
    }
    return changed;
  }

  async remove(id: string): Promise<void> {
    await this.#documents.remove(id, true);
  }
}

/** Tells whether offers count: of a rollout that runs, or has ended and has devices left that were away. @param isBack the offer is one of the way back */
function isActive({ phase, waiting = 0 }: Rollout, isBack: boolean): boolean {
  if (phase === 'running' || (phase === 'done' && waiting > 0)) return true;
  return isBack && (phase === 'rolling-back' || (phase === 'rolled-back' && waiting > 0));
}

const progressOf = ({ id, phase, wave, reason }: Rollout) => ({
  rollout: id,
  state: phase,
  wave,
  ...(reason === undefined ? {} : { reason }),
});

const noticeOf = (rollout: Rollout, time: number): Notice => {
  const { id, phase, wave } = rollout;
  return { id: noticeId('rollout', id, phase, wave, time), type: 'rollout', time, data: progressOf(rollout) };
};

/** @returns undefined where there is none, or it is being deleted */
export async function shownRollout(documents: RolloutDocuments, id: string): Promise<Rollout | undefined> {
  const body = (await documents.find(id))?.body;
  return body?.phase === 'deleting' ? undefined : body;
}
