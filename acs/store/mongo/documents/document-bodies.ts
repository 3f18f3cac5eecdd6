// Bodies of documents in MongoDB: each is written once under an id of its own, and never changed.
import type { Collections } from '../collections.ts';
import type { Link } from '../link.ts';

const SWEEP_BATCH = 500;

export class DocumentBodies {
  readonly #link: Link;
  readonly #bodies: Collections['bodies'];

  constructor(link: Link, { bodies }: Collections) {
    this.#link = link;
    this.#bodies = bodies;
  }

  /** JSON texts by id; those that are gone are absent. */
  async texts(ids: readonly string[]): Promise<Map<string, string>> {
    const found = await this.#link.retry(() => this.#bodies.find({ _id: { $in: [...ids] } }).toArray());
    return new Map(found.map(({ _id, body }) => [_id, body]));
  }

  /** @returns its id */
  async write(json: string, at: number): Promise<string> {
    const _id = this.#link.newId();
    await this.#link.retry(() => this.#bodies.replaceOne({ _id }, { body: json, at }, { upsert: true }));
    return _id;
  }

  /** Deletes a body that counts no more, while the caller continues. Where this fails, a sweep deletes it. */
  deleteLater(_id: string): void {
    this.#link.keep(
      this.#link
        .retry(() => this.#bodies.deleteOne({ _id }))
        .then(
          () => undefined,
          () => undefined,
        ),
    );
  }

  /** Deletes bodies that do not count, written before that time. @param counted read after the old bodies were found */
  async sweep(before: number, counted: () => Promise<ReadonlySet<string>>): Promise<void> {
    const options = { projection: { _id: 1 as const }, sort: { at: 1 as const } };
    const old = await this.#link.retry(() => this.#bodies.find({ at: { $lt: before } }, options).toArray());
    if (old.length === 0) return;
    // A body that is old and does not count now never will.
    const counting = await counted();
    const left = old.map(({ _id }) => _id).filter(id => !counting.has(id));
    for (let at = 0; at < left.length; at += SWEEP_BATCH) {
      const batch = left.slice(at, at + SWEEP_BATCH);
      await this.#link.retry(() => this.#bodies.deleteMany({ _id: { $in: batch } }));
    }
  }
}
