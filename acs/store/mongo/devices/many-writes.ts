// One operation on many devices in MongoDB: all documents are read with one command and replaced with one, each only if it is still the
// same. What is not that plain, or came too late, is carried out device by device.
import type { WithoutId } from 'mongodb';
import {
  type ManyOperation,
  type Move,
  type Moved,
  movedOf,
  type SingleOperation,
  singlesOf,
} from '../../../device/many.ts';
import type { Collections, DeviceDocument, HeldDocument } from '../collections.ts';
import type { Link } from '../link.ts';
import { heldFields, rowOf, textKey } from './device-document.ts';
import { documentOf, headAfter, replay } from './device-replay.ts';
import type { UpdateParts } from './device-updates.ts';
import type { DeviceWrites } from './device-writes.ts';

/** A device of the request that is replaced together with others. */
interface Planned {
  at: number;
  before: HeldDocument;
  next: DeviceDocument;
  moved: Moved;
}

type ManyParts = Pick<UpdateParts, 'webhooks' | 'written'>;

export class ManyWrites {
  readonly #link: Link;
  readonly #devices: Collections['devices'];
  readonly #writes: DeviceWrites;
  readonly #parts: ManyParts;

  constructor(link: Link, { devices }: Collections, writes: DeviceWrites, parts: ManyParts) {
    this.#link = link;
    this.#devices = devices;
    this.#writes = writes;
    this.#parts = parts;
  }

  async apply(many: ManyOperation): Promise<Moved[]> {
    const singles = singlesOf(many);
    const results = singles.map((): Moved | undefined => undefined);
    const planned = await this.#plan(singles, results);
    for (const { at, moved } of await this.#replaced(planned)) results[at] = moved;
    return await Promise.all(
      results.map(async (known, at) => {
        const { id, name, args } = singles[at]!;
        return known ?? movedOf(await this.#writes.apply(id, name, args));
      }),
    );
  }

  /** @param results of devices that nothing changes; those of devices that need more than a replacement stay undefined */
  async #plan(singles: readonly SingleOperation[], results: (Moved | undefined)[]): Promise<Planned[]> {
    const _id = { $in: singles.map(({ id }) => textKey(id)) };
    const stored = await this.#link.retry(() => this.#devices.find({ _id }, { projection: heldFields }).toArray());
    const byId = new Map(stored.map((document: HeldDocument) => [document._id, document]));
    const subscribers = await this.#parts.webhooks.subscribers();
    const planned: Planned[] = [];
    for (const [at, { id, name, args }] of singles.entries()) {
      const before = byId.get(textKey(id));
      if (!before?.chunks || before.outbox || before.notices) continue;
      const row = rowOf(before);
      const replayed = replay(id, row, [{ name, args }], subscribers);
      const [outcome] = replayed.outcomes;
      if (!outcome?.ok || replayed.ended.length > 0 || replayed.notices.length > 0) continue;
      const moved = movedOf(outcome.value as Move['result']);
      if (replayed.row === row) results[at] = moved;
      else planned.push({ at, before, next: this.#next(before, replayed), moved });
    }
    return planned;
  }

  #next(before: HeldDocument, replayed: ReturnType<typeof replay>): DeviceDocument {
    const { _id, tree, known, chunks, replaced } = before;
    const values = { tree, ...(known === undefined ? {} : { known }), ...(chunks ? { chunks } : {}) };
    const rest = { ...values, ...(replaced ? { replaced } : {}) };
    return documentOf(headAfter(this.#link, _id, before, replayed, rest), replayed.row);
  }

  /** @returns those that are known to be replaced */
  async #replaced(planned: readonly Planned[]): Promise<readonly Planned[]> {
    if (planned.length === 0) return [];
    // The guess about these is wrong from here on.
    for (const { next } of planned) this.#parts.written.take(next._id);
    const commands = planned.map(({ before, next }) => ({
      replaceOne: { filter: { _id: next._id, op: before.op }, replacement: next as WithoutId<DeviceDocument> },
    }));
    const { matchedCount } = await this.#link.retry(() => this.#devices.bulkWrite(commands, { ordered: false }));
    if (matchedCount === planned.length) return planned;
    // Some had changed meanwhile, or an answer was lost.
    const _id = { $in: planned.map(({ next }) => next._id) };
    const found = await this.#link.retry(() =>
      this.#devices.find({ _id }, { projection: { op: 1, past: 1 } }).toArray(),
    );
    const marks = new Map(found.map(document => [document._id, [document.op, ...document.past]]));
    return planned.filter(({ next }) => marks.get(next._id)?.includes(next.op));
  }
}
