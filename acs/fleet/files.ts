// Files that CPEs fetch (firmware, scripts, certificates, web content) or stored (uploads).
import { messageOf, UserError } from '../../shared/errors.ts';
import { type ByteRange, contentNameOf } from '../store/content-chunks.ts';
import type { StoredDocument } from '../store/records.ts';
import type { FleetContext } from './common/context.ts';

export const fileTypes = ['firmware', 'script', 'certificate', 'web', 'upload'] as const;
export type FileKind = (typeof fileTypes)[number];

/** TR-069 A.3.2.8 Table 30; the certificate's vendor type is our mapping, in the vendor's name space. */
export const transferType: Record<FileKind, string> = {
  firmware: '1 Firmware Upgrade Image',
  web: '2 Web Content',
  script: '3 Vendor Configuration File',
  certificate: 'X 0090F8 Certificate',
  // What a CPE uploaded is its configuration, and goes back as such.
  upload: '3 Vendor Configuration File',
};

export interface StoredFile {
  name: string;
  type: FileKind;
  /** Of a firmware image: what the device reports once it runs it. */
  version?: string;
  productClass?: string;
  size: number;
  /** Hexadecimal. */
  sha256: string;
  time: number;
  /** Where its bytes lie: another place for each time that it is stored. Not for anyone outside. */
  content?: string;
}

export type FileAbout = Pick<StoredFile, 'type' | 'version' | 'productClass'>;

export interface PutLimits {
  /** Bytes; more are refused with 413. */
  most?: number;
  /** How many bytes the sender says will come. */
  announced?: number;
  /**
   * Throws where the new file may not take the place of `before`: asked before anything is read, and again before the change, then with
   * the new file, whose content can be read by it.
   */
  allow?: (before: StoredFile | undefined, after?: StoredFile) => Promise<void>;
}

export interface Files {
  /**
   * Stores a file as it comes. The old one stands until all of the new one is durable, then the name changes in one step; of two at
   * once the one that comes to its end last stands, whole.
   * @throws UserError 400 for a bad name, a version that is missing, an upload that broke off; 413; what `allow` throws
   */
  put(
    name: string,
    content: AsyncIterable<Uint8Array> | Uint8Array,
    about: FileAbout,
    limits?: PutLimits,
  ): Promise<StoredFile>;
  list(): Promise<StoredFile[]>;
  /** @throws UserError 404 */
  about(name: string): Promise<StoredFile>;
  /** Content of a file as `about` told it, read as it is asked for, to the end also when it is replaced meanwhile; undefined when it was before. */
  content(file: StoredFile, range?: ByteRange): Promise<AsyncIterable<Buffer> | undefined>;
  /** A file and its content, as they stand now. @throws UserError 404 */
  open(name: string): Promise<{ file: StoredFile; content: AsyncIterable<Buffer> }>;
  /** All of a small file: a certificate, a script. @throws UserError 404; 413 for one above 16 MB */
  bytes(name: string): Promise<Buffer>;
  /** The same of a file that `about` told, or that is about to stand. @throws UserError 404 where it was replaced before; 413 */
  bytesOf(file: StoredFile): Promise<Buffer>;
  /** Whether a CPE may store its upload under that name. @throws UserError 400, 409 */
  mayReceive(name: string): Promise<void>;
  /** @throws UserError 404 */
  remove(name: string): Promise<void>;
  /** Deletes contents that no file has: a process ended between the content and its document. */
  sweep(): Promise<void>;
}

const goodName = /^[A-Za-z0-9][\w.@+-]{0,127}$/;

function checkName(name: string): void {
  if (goodName.test(name)) return;
  throw new UserError(
    400,
    'bad-file-name',
    `'${name}': a file name is 1 to 128 letters, digits and . _ @ + -, and starts with a letter or digit`,
  );
}

/** What is read as a whole is no larger. */
const MAX_WHOLE = 16 * 1024 * 1024;
/** Between a content and its document lie milliseconds. */
const STRAY_MS = 3_600_000;

export function createFiles(context: FleetContext): Files {
  const { store, clock, events } = context;
  const standing = (name: string): Promise<StoredDocument<StoredFile> | undefined> =>
    store.document<StoredFile>('file', name);
  const missing = (name: string): UserError => new UserError(404, 'no-such-file', `no file '${name}'`);
  const about = async (name: string): Promise<StoredFile> => {
    const found = await standing(name);
    if (!found) throw missing(name);
    return found.body;
  };
  const content: Files['content'] = (file, range) => store.content(contentNameOf(file), range);

  const open: Files['open'] = async name => {
    for (let file = await about(name); ; ) {
      const found = await content(file);
      if (found) return { file, content: found };
      // Replaced between the two reads, or not there at all.
      const now = await about(name);
      if (contentNameOf(now) === contentNameOf(file)) throw missing(name);
      file = now;
    }
  };

  /** The document is what counts: what it does not name any more is swept up later where it cannot be deleted now. */
  const release = async (file: StoredFile): Promise<void> => {
    try {
      await store.deleteContent(contentNameOf(file));
    } catch (error) {
      context.log.debug('an old content stays for now', { file: file.name, reason: messageOf(error) });
    }
  };

  /** The one step in which a file changes. Another change that comes first is what is replaced then. */
  const stand = async (file: StoredFile, allow: PutLimits['allow']): Promise<void> => {
    for (;;) {
      const before = await standing(file.name);
      await allow?.(before?.body, file);
      try {
        await store.putDocument('file', file.name, file, before?.generation ?? 0);
      } catch (error) {
        if (error instanceof UserError && error.code === 'changed-meanwhile') continue;
        throw error;
      }
      if (before) await release(before.body);
      return;
    }
  };

  const put: Files['put'] = async (name, given, { type, version, productClass }, limits = {}) => {
    checkName(name);
    if (type === 'firmware' && !version) throw versionMissing(name);
    const { most = Number.POSITIVE_INFINITY, announced = 0, allow } = limits;
    if (announced > most) throw tooLarge(name, most);
    await allow?.((await standing(name))?.body);
    // A place of its own: who reads the old content, or stores another one, is not disturbed.
    const place = `${name} ${context.random.bytes(12).toString('hex')}`;
    const sum = await store.putContent(place, arriving(name, given, most));
    const file: StoredFile = {
      name,
      type,
      ...(version ? { version } : {}),
      ...(productClass ? { productClass } : {}),
      ...sum,
      time: clock.now(),
      content: place,
    };
    try {
      await stand(file, allow);
    } catch (error) {
      // Refused, so nothing was changed. After any other failure the document may yet turn out to stand.
      if (error instanceof UserError && error.status < 500) await release(file);
      throw error;
    }
    events.emit('change', { what: 'file', name, by: type });
    return file;
  };

  return {
    about,
    content,
    open,
    put,
    mayReceive: async name => {
      checkName(name);
      const there = await standing(name);
      if (there && there.body.type !== 'upload')
        throw new UserError(
          409,
          'file-exists',
          `'${name}' is a ${there.body.type} file; an upload does not replace it`,
        );
    },
    list: async () => (await store.documents<StoredFile>('file')).map(document => document.body),
    bytes: async name => {
      const { file, content: chunks } = await open(name);
      return await whole(file, chunks);
    },
    bytesOf: async file => {
      const chunks = await content(file);
      if (!chunks) throw missing(file.name);
      return await whole(file, chunks);
    },
    remove: async name => {
      const before = await standing(name);
      if (!(await store.deleteDocument('file', name))) throw missing(name);
      if (before) await release(before.body);
      events.emit('change', { what: 'file', name, by: 'deleted' });
    },
    sweep: async () => {
      const before = clock.now() - STRAY_MS;
      const old = (await store.contents()).filter(({ changed }) => changed < before);
      // Read after the contents: what was stored in between is in it.
      const named = new Set((await store.documents<StoredFile>('file')).map(({ body }) => contentNameOf(body)));
      for (const { name } of old) if (!named.has(name)) await store.deleteContent(name);
    },
  };
}

/** @throws UserError 413 */
async function whole({ name, size }: StoredFile, chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  if (size > MAX_WHOLE) throw tooLarge(name, MAX_WHOLE);
  const found: Buffer[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return Buffer.concat(found, size);
}

const versionMissing = (name: string): UserError =>
  new UserError(
    400,
    'version-missing',
    `'${name}': a firmware image needs its version, as the device reports it once it runs: version=…`,
  );

const tooLarge = (name: string, most: number): UserError =>
  new UserError(413, 'file-too-large', `'${name}': more than ${most} bytes (${most / 1024 / 1024} MB) are not taken`);

/** What comes, as far as it may; a sender that goes away is told from a store that fails. */
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
