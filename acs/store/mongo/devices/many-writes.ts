// One operation on many devices in MongoDB: all rows are read with one command and written with one, each only if its document is still the
// same. What is not that plain, or came too late, is carried out device by device.
import {
  type ManyOperation,
  type Move,
  type Moved,
  movedOf,
  type SingleOperation,
  singlesOf,
} from '../../../device/many.ts';
import type { Collections, HeldDocument } from '../collections.ts';
import type { Link } from '../link.ts';
import { stamp } from '../versioned.ts';
import { rolloutColumns, rowOf, textKey } from './device-document.ts';
import { replay } from './device-replay.ts';
import type { UpdateParts } from './device-updates.ts';
import type { DeviceWrites } from './device-writes.ts';

/** The document of a device as far as such an operation needs it. */
type PlacedDocument = Pick<HeldDocument, '_id' | 'op' | 'past' | 'row' | 'chunks' | 'outbox' | 'notices'>;
const placedFields = { op: 1, past: 1, row: 1, chunks: 1, outbox: 1, notices: 1 };

/** A device of the request that is written together with others. */
interface Planned {
  at: number;
  before: PlacedDocument;
  /** The fields of its document that change. */
  next: Pick<HeldDocument, 'op' | 'past' | 'row'> & ReturnType<typeof rolloutColumns>;
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
    for (const { at, moved } of await this.#written(planned)) results[at] = moved;
    return await Promise.all(
      results.map(async (known, at) => {
        const { id, name, args } = singles[at]!;
        return known ?? movedOf(await this.#writes.apply(id, name, args));
      }),
    );
  }

  /** @param results of devices that nothing changes; those of devices that need more than that write stay undefined */
  async #plan(singles: readonly SingleOperation[], results: (Moved | undefined)[]): Promise<Planned[]> {
    const _id = { $in: singles.map(({ id }) => textKey(id)) };
    const stored = await this.#link.retry(() => this.#devices.find({ _id }, { projection: placedFields }).toArray());
    const byId = new Map(stored.map((document: PlacedDocument) => [document._id, document]));
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
      const position = replayed.row?.rollout;
      if (replayed.row === row) results[at] = moved;
      else if (position)
        planned.push({
          at,
          before,
          next: { ...stamp(this.#link, before), row: replayed.json, ...rolloutColumns(position) },
          moved,
        });
    }
    return planned;
  }

  /** @returns those that are known to be written */
  async #written(planned: readonly Planned[]): Promise<readonly Planned[]> {
    if (planned.length === 0) return [];
    // The guess about these is wrong from here on.
    for (const { before } of planned) this.#parts.written.take(before._id);
    const commands = planned.map(({ before, next }) => ({
      updateOne: { filter: { _id: before._id, op: before.op }, update: { $set: next } },
    }));
    const { matchedCount } = await this.#link.retry(() => this.#devices.bulkWrite(commands, { ordered: false }));
    if (matchedCount === planned.length) return planned;
    // Some had changed meanwhile, or an answer was lost.
    const _id = { $in: planned.map(({ before }) => before._id) };
    const found = await this.#link.retry(() =>
      this.#devices.find({ _id }, { projection: { op: 1, past: 1 } }).toArray(),
    );
    const marks = new Map(found.map(document => [document._id, [document.op, ...document.past]]));
    return planned.filter(({ before, next }) => marks.get(before._id)?.includes(next.op));
  }
}
