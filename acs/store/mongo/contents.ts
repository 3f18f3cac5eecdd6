// Contents of files in MongoDB: chunks under an id of the content's own, and a name that is switched to it in one write once all has
// come. What stood under the name before stays for an hour, so that whoever reads it comes to its end.
import { Binary } from 'mongodb';
import { UserError } from '../../../shared/errors.ts';
import {
  type ByteRange,
  CHUNK,
  type ContentSum,
  GRACE_MS,
  readOut,
  signing,
  takeIn,
  tooSlow,
} from '../content-chunks.ts';
import type { StoredContent } from '../store.ts';
import { checkedText } from '../text-checks.ts';
import { type Collections, type FileDocument, unlessThere } from './collections.ts';
import { type Link, stamp } from './link.ts';

export interface Contents {
  /** Stores the content of a file as it comes. What stood under the name is read until all has come, and still if it never does. */
  put(name: string, content: AsyncIterable<Uint8Array>): Promise<ContentSum>;
  get(name: string, range?: ByteRange): Promise<AsyncIterable<Buffer> | undefined>;
  delete(name: string): Promise<boolean>;
  list(): Promise<StoredContent[]>;
  /** Deletes contents that no name stands for, and that nobody can be writing or reading any more. */
  sweep(): Promise<void>;
}

/** Of contents that were stored before their chunks said how long they are. */
const OLD_CHUNK = 256 * 1024;
const SWEEP_BATCH = 200;

const chunkId = (content: string, number: number): string => `${content}/${String(number).padStart(8, '0')}`;

export function createContents(link: Link, { files, contents, chunks }: Collections): Contents {
  const { clock } = link;
  const standingFile = (name: string): Promise<FileDocument | undefined> =>
    link.retry(async () => (await files.findOne({ _id: name })) ?? undefined);
  /** Says that it is being written or read. @returns false when it was given up */
  const sign = async (content: string): Promise<boolean> => {
    const mine = { _id: content, dead: { $exists: false } };
    const { matchedCount } = await link.retry(() => contents.updateOne(mine, { $set: { at: clock.now() } }));
    return matchedCount === 1;
  };
  const signOrFail = async (name: string, content: string): Promise<void> => {
    if (!(await sign(content))) throw tooSlow(name);
  };

  const write = async (name: string, content: string, source: AsyncIterable<Uint8Array>): Promise<ContentSum> => {
    const mustSign = signing(clock);
    const sum = await takeIn(source, async (first, piece) => {
      if (!link.isOpen()) throw new UserError(503, 'store-closed', 'the store is closed');
      const writes = Array.from({ length: Math.ceil(piece.length / CHUNK) }, (_, index) => {
        const body = new Binary(piece.subarray(index * CHUNK, (index + 1) * CHUNK));
        const filter = { _id: chunkId(content, first + index) };
        return { replaceOne: { filter, replacement: { body }, upsert: true } };
      });
      await link.retry(() => chunks.bulkWrite(writes, { ordered: false }));
      if (mustSign()) await signOrFail(name, content);
    });
    await signOrFail(name, content);
    return sum;
  };

  const switchTo = async (name: string, content: string, sum: ContentSum): Promise<void> => {
    for (let conflicts = 0; ; conflicts++) {
      await link.afterConflict(conflicts);
      const before = await standingFile(name);
      const next = { _id: name, ...stamp(link, before), content, ...sum, chunk: CHUNK, at: clock.now() };
      if (!(await link.replace(files, before, next))) continue;
      // From now on its readers have so long to come to the end.
      if (before) await sign(before.content);
      return;
    }
  };

  /**
   * Marked first: an upload that goes on after all is told so, and no name is ever switched to what is being deleted.
   * @param before only what gave no sign since
   */
  const forget = async (content: string, before = Number.MAX_SAFE_INTEGER): Promise<void> => {
    const old = { _id: content, at: { $lt: before } };
    const { matchedCount } = await link.retry(() => contents.updateOne(old, { $set: { dead: true } }));
    if (matchedCount === 0) return;
    await link.retry(() => chunks.deleteMany({ _id: { $gte: `${content}/`, $lt: `${content}0` } }));
    await link.retry(() => contents.deleteOne({ _id: content }));
  };

  const chunkOf = async (content: string, number: number): Promise<Uint8Array | undefined> => {
    const found = await link.retry(() => chunks.findOne({ _id: chunkId(content, number) }));
    return found ? found.body.buffer.subarray(0, found.body.length()) : undefined;
  };

  return {
    put: async (name, source) => {
      checkedText(name);
      const content = link.newId();
      await link.retry(() => unlessThere(contents.insertOne({ _id: content, at: clock.now() })));
      let sum: ContentSum;
      try {
        sum = await write(name, content, source);
      } catch (error) {
        // A server that is away cannot do this either: then it is swept up later. What is told is why it came to nothing.
        await forget(content).catch(() => undefined);
        throw error;
      }
      // From here on it cannot always be said whether it stands: then it is not for us to take it away.
      await switchTo(name, content, sum);
      return sum;
    },
    get: async (name, range) => {
      const file = await standingFile(name);
      if (!file) return undefined;
      const kept = {
        name,
        size: file.size,
        chunkSize: file.chunk ?? OLD_CHUNK,
        chunk: (number: number) => chunkOf(file.content, number),
        sign: async () => {
          await sign(file.content);
        },
      };
      return readOut(kept, range, clock);
    },
    list: async () => {
      const found = await link.retry(() => files.find({}, { sort: { _id: 1 } }).toArray());
      return found.map(({ _id: name, size, sha256, at = 0 }) => ({ name, size, sha256, changed: at }));
    },
    delete: async name => {
      for (let conflicts = 0; ; conflicts++) {
        await link.afterConflict(conflicts);
        const before = await standingFile(name);
        if (!before) return conflicts > 0;
        const { deletedCount } = await link.retry(() => files.deleteOne({ _id: name, op: before.op }));
        if (deletedCount === 0) continue;
        await sign(before.content);
        return true;
      }
    },
    sweep: async () => {
      const before = clock.now() - GRACE_MS;
      let from = '';
      for (;;) {
        const options = { sort: { _id: 1 as const }, limit: SWEEP_BATCH };
        const found = await link.retry(() =>
          contents.find({ at: { $lt: before }, _id: { $gt: from } }, options).toArray(),
        );
        const ids = found.map(content => content._id);
        const standing = await link.retry(() => files.find({ content: { $in: ids } }).toArray());
        const counted = new Set(standing.map(file => file.content));
        for (const id of ids) if (!counted.has(id)) await forget(id, before);
        if (ids.length < SWEEP_BATCH) return;
        from = ids.at(-1) ?? '';
      }
    },
  };
}
