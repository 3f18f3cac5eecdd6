// Contents of files in MongoDB: chunks under an id of the content's own, and a name that is switched to it in one write once all has
// come. What stood under the name before stays for an hour, so that whoever reads it comes to its end.
import { createHash } from 'node:crypto';
import { Binary } from 'mongodb';
import { UserError } from '../../shared/errors.ts';
import { type Link, stamp } from './mongo-link.ts';
import { type Collections, type FileDocument, unlessThere } from './mongo-tables.ts';
import { textOf } from './plain.ts';

export interface Contents {
  /** Stores the content of a file as it comes. What stood under the name is read until all has come, and still if it never does. */
  put(name: string, content: AsyncIterable<Uint8Array>): Promise<{ size: number; sha256: string }>;
  /** From byte `start` to before `end`, in chunks of at most 256 KB; undefined when there is none. */
  get(name: string, range?: { start: number; end: number }): Promise<AsyncIterable<Buffer> | undefined>;
  delete(name: string): Promise<boolean>;
  /** Deletes contents that no name stands for, and that nobody can be writing or reading any more. */
  sweep(): Promise<void>;
}

const CHUNK = 256 * 1024;
/** How long a content that does not count is kept: longer than any transfer takes that still moves. */
const GRACE_MS = 3_600_000;
/** An upload says this often that it goes on. */
const SIGN_MS = 60_000;
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
    if (!(await sign(content))) throw new UserError(408, 'content-too-slow', `nothing came of ${name} for too long`);
  };

  const write = async (
    name: string,
    content: string,
    source: AsyncIterable<Uint8Array>,
  ): Promise<{ size: number; sha256: string }> => {
    const hash = createHash('sha256');
    let size = 0;
    let number = 0;
    let signed = clock.now();
    await link.retry(() => unlessThere(contents.insertOne({ _id: content, at: signed })));
    for await (const piece of chunked(source)) {
      if (!link.isOpen()) throw new UserError(503, 'store-closed', 'the store is closed');
      const _id = chunkId(content, number++);
      await link.retry(() => chunks.replaceOne({ _id }, { body: new Binary(piece) }, { upsert: true }));
      hash.update(piece);
      size += piece.length;
      if (clock.now() - signed < SIGN_MS) continue;
      signed = clock.now();
      await signOrFail(name, content);
    }
    await signOrFail(name, content);
    return { size, sha256: hash.digest('hex') };
  };

  const switchTo = async (name: string, content: string, about: { size: number; sha256: string }): Promise<void> => {
    for (let conflicts = 0; ; conflicts++) {
      await link.afterConflict(conflicts);
      const before = await standingFile(name);
      const next = { _id: name, ...stamp(link, before), content, ...about };
      if (!(await link.replace(files, before, next))) continue;
      // From now on its readers have so long to come to the end.
      if (before) await sign(before.content);
      return;
    }
  };

  /** Marked first: an upload that goes on after all is told so, and no name is ever switched to what is being deleted. */
  const forget = async (content: string, before: number): Promise<void> => {
    const old = { _id: content, at: { $lt: before } };
    const { matchedCount } = await link.retry(() => contents.updateOne(old, { $set: { dead: true } }));
    if (matchedCount === 0) return;
    await link.retry(() => chunks.deleteMany({ _id: { $gte: `${content}/`, $lt: `${content}0` } }));
    await link.retry(() => contents.deleteOne({ _id: content }));
  };

  const read = async function* (file: FileDocument, start: number, end: number): AsyncIterable<Buffer> {
    for (let at = start; at < end; ) {
      const number = Math.floor(at / CHUNK);
      const found = await link.retry(() => chunks.findOne({ _id: chunkId(file.content, number) }));
      if (!found) throw new UserError(410, 'content-gone', `the content of ${file._id} was replaced while it was read`);
      const from = at - number * CHUNK;
      const piece = Buffer.from(found.body.buffer).subarray(from, Math.min(found.body.length(), from + end - at));
      yield piece;
      at += piece.length;
    }
  };

  return {
    put: async (name, source) => {
      textOf(name);
      const content = link.newId();
      const about = await write(name, content, source);
      await switchTo(name, content, about);
      return about;
    },
    get: async (name, range) => {
      const file = await standingFile(name);
      if (!file) return undefined;
      const end = Math.min(file.size, range?.end ?? file.size);
      return read(file, Math.max(0, range?.start ?? 0), end);
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

/** The same bytes in pieces of one size, the last one shorter. */
async function* chunked(source: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of source) {
    // A copy: the source may use its memory again.
    for (let rest = Buffer.from(bytes); rest.length > 0; ) {
      const piece = rest.subarray(0, CHUNK - length);
      held.push(piece);
      length += piece.length;
      rest = rest.subarray(piece.length);
      if (length < CHUNK) continue;
      yield Buffer.concat(held, length);
      held = [];
      length = 0;
    }
  }
  if (length > 0) yield Buffer.concat(held, length);
}
