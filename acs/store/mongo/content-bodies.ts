// The contents of files in MongoDB under ids of their own: begun, written chunk by chunk, signed while in use, and deleted.
import { Binary } from 'mongodb';
import { UserError } from '../../errors.ts';
import { CHUNK, type ContentSum, signing, takeIn, tooSlow } from '../content-chunks.ts';
import { type Collections, unlessThere } from './collections.ts';
import type { Link } from './link.ts';

const chunkId = (content: string, number: number): string => `${content}/${String(number).padStart(8, '0')}`;

export class ContentBodies {
  readonly #link: Link;
  readonly #contents: Collections['contents'];
  readonly #chunks: Collections['chunks'];

  constructor(link: Link, { contents, chunks }: Collections) {
    this.#link = link;
    this.#contents = contents;
    this.#chunks = chunks;
  }

  /** @returns its id */
  async begin(): Promise<string> {
    const content = this.#link.newId();
    const at = this.#link.clock.now();
    await this.#link.retry(() => unlessThere(this.#contents.insertOne({ _id: content, at })));
    return content;
  }

  /** @throws UserError 408 when it was given up meanwhile, and whatever `source` throws */
  async write(name: string, content: string, source: AsyncIterable<Uint8Array>): Promise<ContentSum> {
    const mustSign = signing(this.#link.clock);
    const sum = await takeIn(source, async (first, piece) => {
      if (!this.#link.isOpen()) throw new UserError(503, 'store-closed', 'the store is closed');
      const writes = Array.from({ length: Math.ceil(piece.length / CHUNK) }, (_, index) => {
        const body = new Binary(piece.subarray(index * CHUNK, (index + 1) * CHUNK));
        const filter = { _id: chunkId(content, first + index) };
        return { replaceOne: { filter, replacement: { body }, upsert: true } };
      });
      await this.#link.retry(() => this.#chunks.bulkWrite(writes, { ordered: false }));
      if (mustSign()) await this.#signOrFail(name, content);
    });
    await this.#signOrFail(name, content);
    return sum;
  }

  async chunk(content: string, number: number): Promise<Uint8Array | undefined> {
    const found = await this.#link.retry(() => this.#chunks.findOne({ _id: chunkId(content, number) }));
    return found ? found.body.buffer.subarray(0, found.body.length()) : undefined;
  }

  /** Says that it is being written or read. @returns false when it was given up */
  async sign(content: string): Promise<boolean> {
    const query = { _id: content, dead: { $exists: false } };
    const change = { $set: { at: this.#link.clock.now() } };
    return (await this.#link.retry(() => this.#contents.updateOne(query, change))).matchedCount === 1;
  }

  /**
   * Deletes a content. It is marked first: an upload that continues after all gets an error, and no name is ever switched to it.
   * @param before only when its last sign of use is older
   */
  async forget(content: string, before = Number.MAX_SAFE_INTEGER): Promise<void> {
    const old = { _id: content, at: { $lt: before } };
    const { matchedCount } = await this.#link.retry(() => this.#contents.updateOne(old, { $set: { dead: true } }));
    if (matchedCount === 0) return;
    await this.#link.retry(() => this.#chunks.deleteMany({ _id: { $gte: `${content}/`, $lt: `${content}0` } }));
    await this.#link.retry(() => this.#contents.deleteOne({ _id: content }));
  }

  /** Ids after `from` of contents whose last sign of use is older than `before`, in order. */
  async unsigned(before: number, from: string, limit: number): Promise<string[]> {
    const query = { at: { $lt: before }, _id: { $gt: from } };
    const options = { sort: { _id: 1 as const }, limit };
    const found = await this.#link.retry(() => this.#contents.find(query, options).toArray());
    return found.map(({ _id }) => _id);
  }

  async #signOrFail(name: string, content: string): Promise<void> {
    if (!(await this.sign(content))) throw tooSlow(name);
  }
}
