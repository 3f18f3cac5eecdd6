// Contents of files in MongoDB by name. A name is switched to a content in one write once all of it is there; the content that had the
// name before stays for an hour, so that its readers come to the end.
import { type ByteRange, CHUNK, type ContentSum, GRACE_MS, type KeptContent, readOut } from '../content-chunks.ts';
import type { ContentPage, StoredContent } from '../store.ts';
import { checkedText } from '../text-checks.ts';
import type { Collections, FileDocument } from './collections.ts';
import { ContentBodies } from './content-bodies.ts';
import type { Link } from './link.ts';
import { stamp } from './versioned.ts';

/** Bytes in a chunk where the document does not say so: it was written by an older version. */
const OLD_CHUNK = 256 * 1024;
const SWEEP_BATCH = 200;

export class Contents {
  readonly #link: Link;
  readonly #files: Collections['files'];
  readonly #bodies: ContentBodies;

  constructor(link: Link, collections: Collections) {
    this.#link = link;
    this.#files = collections.files;
    this.#bodies = new ContentBodies(link, collections);
  }

  /** Stores the content as it comes. The content that has the name is read until all has come, and still if it never does. */
  async put(name: string, source: AsyncIterable<Uint8Array>): Promise<ContentSum> {
    checkedText(name);
    const content = await this.#bodies.begin();
    let sum: ContentSum;
    try {
      sum = await this.#bodies.write(name, content, source);
    } catch (error) {
      // A server that is away cannot do this either: a sweep does it later. The caller gets the reason of the failure.
      await this.#bodies.forget(content).catch(() => undefined);
      throw error;
    }
    // From here on it may be unknown whether the content has its name: it must not be deleted any more.
    await this.#switchTo(name, content, sum);
    return sum;
  }

  async get(name: string, range?: ByteRange): Promise<AsyncIterable<Buffer> | undefined> {
    const file = await this.#file(name);
    return file && readOut(keptContent(this.#bodies, file), range, this.#link.clock);
  }

  async list({ after, limit }: ContentPage = { after: '', limit: 0 }): Promise<StoredContent[]> {
    const above = { _id: { $gt: after } };
    const found = await this.#link.retry(() => this.#files.find(above, { sort: { _id: 1 }, limit }).toArray());
    return found.map(({ _id: name, size, sha256, at = 0 }) => ({ name, size, sha256, changed: at }));
  }

  /** @returns whether there was one */
  async delete(name: string): Promise<boolean> {
    for (let conflicts = 0; ; conflicts++) {
      await this.#link.afterConflict(conflicts);
      const before = await this.#file(name);
      if (!before) return conflicts > 0;
      if (!(await this.#link.remove(this.#files, before))) continue;
      await this.#bodies.sign(before.content);
      return true;
    }
  }

  /** Deletes contents without a name that gave no sign of use for an hour. */
  sweep(): Promise<void> {
    return sweepContents(this.#link, this.#files, this.#bodies);
  }

  async #switchTo(name: string, content: string, sum: ContentSum): Promise<void> {
    for (let conflicts = 0; ; conflicts++) {
      await this.#link.afterConflict(conflicts);
      const before = await this.#file(name);
      const at = this.#link.clock.now();
      const next = { _id: name, ...stamp(this.#link, before), content, ...sum, chunk: CHUNK, at };
      if (!(await this.#link.replace(this.#files, before, next))) continue;
      // Its readers have an hour from now.
      if (before) await this.#bodies.sign(before.content);
      return;
    }
  }

  #file(name: string): Promise<FileDocument | undefined> {
    return this.#link.retry(async () => (await this.#files.findOne({ _id: name })) ?? undefined);
  }
}

const keptContent = (bodies: ContentBodies, { _id: name, size, chunk, content }: FileDocument): KeptContent => ({
  name,
  size,
  chunkSize: chunk ?? OLD_CHUNK,
  chunk: number => bodies.chunk(content, number),
  sign: async () => {
    await bodies.sign(content);
  },
});

async function sweepContents(link: Link, files: Collections['files'], bodies: ContentBodies): Promise<void> {
  const before = link.clock.now() - GRACE_MS;
  for (let from = ''; ; ) {
    const ids = await bodies.unsigned(before, from, SWEEP_BATCH);
    const found = await link.retry(() => files.find({ content: { $in: ids } }).toArray());
    const counted = new Set(found.map(file => file.content));
    for (const id of ids) if (!counted.has(id)) await bodies.forget(id, before);
    if (ids.length < SWEEP_BATCH) return;
    from = ids.at(-1) ?? '';
  }
}
