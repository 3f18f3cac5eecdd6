// One write of a device's document in MongoDB: carry out the pure operations on the document as this process wrote it last, or else as it is
// read, and replace the document if it is still the same one.
import type { Subscribers } from '../../notices.ts';
import type { Collections, HeldDocument } from '../collections.ts';
import type { Link } from '../link.ts';
import { heldFields, rowOf, textKey } from './device-document.ts';
import type { DeviceOutbox } from './device-outbox.ts';
import { type AnyOperation, documentOf, headAfter, type Outcome, replay, updateOf } from './device-replay.ts';
import type { ParameterTrees } from './parameter-trees.ts';
import type { WrittenDocuments } from './written-documents.ts';

export interface UpdateParts {
  outbox: DeviceOutbox;
  trees: ParameterTrees;
  written: WrittenDocuments;
  webhooks: { subscribers(): Promise<Subscribers> };
}

export class DeviceUpdates {
  readonly #link: Link;
  readonly #devices: Collections['devices'];
  readonly #parts: UpdateParts;

  constructor(link: Link, { devices }: Collections, parts: UpdateParts) {
    this.#link = link;
    this.#devices = devices;
    this.#parts = parts;
  }

  /** @returns an outcome for each operation that was reached: a removal ends the group */
  async carryOut(id: string, group: readonly AnyOperation[]): Promise<Outcome[]> {
    const { written } = this.#parts;
    const _id = textKey(id);
    for (let conflicts = 0; ; conflicts++) {
      await this.#link.afterConflict(conflicts);
      const guess = written.take(_id);
      const stored = guess ?? (await this.#read(_id));
      const outcomes = await this.#write(id, group, stored, guess !== undefined);
      if (outcomes) return outcomes;
    }
  }

  /** @returns undefined where it must be done again, with the document as it is read */
  async #write(
    id: string,
    group: readonly AnyOperation[],
    stored: HeldDocument | undefined,
    isGuess: boolean,
  ): Promise<Outcome[] | undefined> {
    const { outbox, trees, webhooks, written } = this.#parts;
    const before = rowOf(stored);
    const replayed = replay(id, before, group, await webhooks.subscribers());
    const { outcomes, row } = replayed;
    // Without a write nothing proves a guess.
    if (row === before && replayed.ended.length === 0 && replayed.puts.length === 0)
      return isGuess ? undefined : outcomes;
    // Copied first: the new document does not carry on the outbox of the one before.
    if (stored) await outbox.settled(stored);
    const standing = stored && !stored.gone ? stored : { tree: this.#link.newId() };
    const changed = await trees.changed(standing.tree, standing, row ? replayed.puts : [], isGuess);
    if (!changed) return undefined;
    const head = headAfter(this.#link, textKey(id), stored, replayed, { tree: standing.tree, ...changed.next });
    const update = isGuess && stored && before && row ? updateOf(stored, before, head, row) : undefined;
    const isWritten = await (update
      ? this.#link.replace(this.#devices, stored, head, { update })
      : this.#link.replace(this.#devices, stored, documentOf(head, row)));
    trees.unused.add(isWritten ? changed.outdated : changed.fresh);
    if (isGuess && !before?.claim) written.judge(isWritten);
    if (!isWritten) return undefined;
    if (!head.gone) written.remember(head, row?.claim !== undefined);
    outbox.finishLater(head);
    return outcomes;
  }

  async #read(_id: string): Promise<HeldDocument | undefined> {
    const read = () => this.#devices.findOne({ _id }, { projection: heldFields });
    const found = (await this.#link.retry(read)) as HeldDocument | null;
    return found ? await this.#parts.trees.migrated(found) : undefined;
  }
}
