// The bytes of files in the store, apart from the documents that name them.
import { messageOf } from '../../../shared/errors.ts';
import { UserError } from '../../errors.ts';
import { type ByteRange, contentNameOf } from '../../store/content-chunks.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { openContent, sealContent, sealedRange } from './sealed-content.ts';
import type { StoredFile } from './stored-file.ts';

/** Bytes of the largest content that is read as a whole. */
const MAX_WHOLE = 16 * 1024 * 1024;
/** A content without a document may still get one for this long: the two are written milliseconds apart. */
const STRAY_MS = 3_600_000;
/** Contents that are looked at together. */
const PAGE = 500;

export const missingFile = (name: string): UserError => new UserError(404, 'no-such-file', `no file '${name}'`);

export const tooLarge = (name: string, most: number): UserError =>
  new UserError(413, 'file-too-large', `'${name}': more than ${most} bytes (${most / 1024 / 1024} MB) are not taken`);

/** The bytes of files, each time under another name in the store, so that readers of an old content are not disturbed. */
export class FileContents {
  readonly #context: FleetContext;

  constructor(context: FleetContext) {
    this.#context = context;
  }

  async of(file: StoredFile, range?: ByteRange): Promise<AsyncIterable<Buffer> | undefined> {
    const { store, secrets } = this.#context;
    const name = contentNameOf(file);
    if (!file.sealed) return await store.content(name, range);
    const part = { start: range?.start ?? 0, end: Math.min(range?.end ?? file.size, file.size) };
    const stored = await store.content(name, sealedRange(part));
    return stored && openContent(secrets, name, stored, part);
  }

  /** Reads a small file as a whole. @throws UserError 404 where its content was replaced; 413 */
  async bytesOf(file: StoredFile): Promise<Buffer> {
    const content = await this.of(file);
    if (!content) throw missingFile(file.name);
    return await readWhole(file, content);
  }

  /** Opens a file as it is now. @param about reads its document */
  async open(about: () => Promise<StoredFile>): Promise<{ file: StoredFile; content: AsyncIterable<Buffer> }> {
    for (let file = await about(); ; ) {
      const content = await this.of(file);
      if (content) return { file, content };
      // The file was replaced between the two reads, or its content is lost.
      const now = await about();
      if (contentNameOf(now) === contentNameOf(file)) throw missingFile(file.name);
      file = now;
    }
  }

  /** @returns what the document says of the new content */
  async put(
    name: string,
    given: AsyncIterable<Uint8Array> | Uint8Array,
    { most, isSealed }: { most: number; isSealed: boolean },
  ): Promise<Pick<StoredFile, 'size' | 'sha256' | 'sealed'> & { content: string }> {
    const { store, secrets, random } = this.#context;
    const content = `${name} ${random.bytes(12).toString('hex')}`;
    const source = arriving(name, given, most);
    if (!isSealed) return { ...(await store.putContent(content, source)), content };
    const { bytes, plain } = sealContent(secrets, content, source);
    const { size, sha256 } = await store.putContent(content, bytes);
    return { ...plain(), sealed: { size, sha256 }, content };
  }

  /** Deletes a content that no document names any more. One that cannot be deleted now is left to `sweep`. */
  async release(file: StoredFile): Promise<void> {
    try {
      await this.#context.store.deleteContent(contentNameOf(file));
    } catch (error) {
      this.#context.log.debug('file content not deleted', { file: file.name, reason: messageOf(error) });
    }
  }

  /** @param list the documents: read after the contents, so that what is stored in between is in them */
  async sweep(list: () => Promise<StoredDocument<StoredFile>[]>): Promise<void> {
    const { store } = this.#context;
    // Those of backups, which begin with this character, are swept by their own part.
    for await (const old of oldContents(this.#context, { before: '~' })) {
      const named = new Set((await list()).map(({ body }) => contentNameOf(body)));
      for (const name of old) if (!named.has(name)) await store.deleteContent(name);
    }
  }
}

/** Pages of the names of contents that may be strays: all are old. @param before names from there on are left out */
export async function* oldContents(
  { store, clock }: Pick<FleetContext, 'store' | 'clock'>,
  { after = '', before }: { after?: string; before?: string },
): AsyncGenerator<readonly string[]> {
  const latest = clock.now() - STRAY_MS;
  for (let from = after; ; ) {
    const page = await store.contents({ after: from, limit: PAGE });
    const within = page.filter(({ name }) => before === undefined || name < before);
    const old = within.filter(({ changed }) => changed < latest).map(({ name }) => name);
    if (old.length > 0) yield old;
    const last = within.at(-1)?.name;
    if (within.length < PAGE || last === undefined) return;
    from = last;
  }
}

/** @throws UserError 413 */
export async function readWhole({ name, size }: StoredFile, chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  if (size > MAX_WHOLE) throw tooLarge(name, MAX_WHOLE);
  const found: Buffer[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return Buffer.concat(found, size);
}

/** Bounds what is sent, and tells a sender that went away (400) from a store that fails. */
async function* arriving(
  name: string,
  given: AsyncIterable<Uint8Array> | Uint8Array,
  most: number,
): AsyncIterable<Uint8Array> {
  if (given instanceof Uint8Array) {
    if (given.length > most) throw tooLarge(name, most);
    yield given;
    return;
  }
  const source = given[Symbol.asyncIterator]();
  let size = 0;
  try {
    for (;;) {
      const next = await source.next().catch(error => {
        const reason = `'${name}': the upload broke off after ${size} bytes; nothing of it was kept`;
        throw error instanceof UserError ? error : new UserError(400, 'upload-broken-off', reason);
      });
      if (next.done) return;
      size += next.value.length;
      if (size > most) throw tooLarge(name, most);
      yield next.value;
    }
  } finally {
    await source.return?.();
  }
}
