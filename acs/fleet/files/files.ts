// Files that CPEs fetch (firmware, scripts, certificates, web content) or have uploaded.
import type { Clock } from '../../../shared/clock.ts';
import { UserError } from '../../errors.ts';
import type { ByteRange } from '../../store/content-chunks.ts';
import type { Edit } from '../../store/edit.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents, retryConflicts } from '../common/documents.ts';
import { FileContents, missingFile, readWhole, tooLarge } from './contents.ts';
import { type FileAbout, fileVersion, isToSeal, type StoredFile } from './stored-file.ts';

export interface PutLimits {
  /** Bytes; more are refused with 413. */
  most?: number;
  /** Bytes that the sender announces. */
  announced?: number;
  /**
   * Throws where the new file may not replace `before`. It is called before anything is read, and again before the change, then with
   * the new file, whose content can be read by then.
   */
  allow?: (before: StoredFile | undefined, after?: StoredFile) => Promise<void>;
  edit?: Edit;
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

/** The ways by which a file comes in: from an operator, or uploaded by a CPE. */
class FileUploads {
  readonly #clock: Clock;
  readonly #documents: Documents<StoredFile>;
  readonly #contents: FileContents;

  constructor({ clock }: FleetContext, documents: Documents<StoredFile>, contents: FileContents) {
    this.#clock = clock;
    this.#documents = documents;
    this.#contents = contents;
  }

  async put(
    name: string,
    given: AsyncIterable<Uint8Array> | Uint8Array,
    about: FileAbout,
    { most = Number.POSITIVE_INFINITY, announced = 0, ...conditions }: PutLimits = {},
  ): Promise<StoredFile> {
    checkName(name);
    if (about.type === 'firmware' && !about.version) throw versionMissing(name);
    if (announced > most) throw tooLarge(name, most);
    const found = await this.#documents.find(name);
    conditions.edit?.assertAllows(fileVersion(found));
    await conditions.allow?.(found?.body);
    const content = await this.#contents.put(name, given, { most, isSealed: isToSeal(about) });
    const file = describeFile(name, about, content, this.#clock.now());
    try {
      await this.#replace(file, conditions);
    } catch (error) {
      // A refusal changed nothing. After any other failure the document may yet turn out to be written.
      if (error instanceof UserError && error.status < 500) await this.#contents.release(file);
      throw error;
    }
    return file;
  }

  /** Writes the document, the one step in which a file changes; a change that comes first is what this one replaces. */
  async #replace(file: StoredFile, { allow, edit }: Pick<PutLimits, 'allow' | 'edit'>): Promise<void> {
    const before = await retryConflicts(async () => {
      const found = await this.#documents.find(file.name);
      await allow?.(found?.body, file);
      await this.#documents.replace(file.name, file, found, [], edit);
      return found;
    });
    if (before) await this.#contents.release(before.body);
  }

  async mayReceive(name: string): Promise<void> {
    checkName(name);
    const type = (await this.#documents.find(name))?.body.type ?? 'upload';
    if (type === 'upload') return;
    throw new UserError(409, 'file-exists', `'${name}' is a ${type} file; an upload does not replace it`);
  }
}

export class Files {
  readonly #documents: Documents<StoredFile>;
  readonly #contents: FileContents;
  readonly #uploads: FileUploads;

  constructor(context: FleetContext) {
    const changeEvent = { put: ({ type }: StoredFile) => type, remove: 'deleted' };
    this.#documents = documents<StoredFile>(context, 'file', {
      missing: missingFile,
      changeEvent,
      versionOf: fileVersion,
    });
    this.#contents = new FileContents(context);
    this.#uploads = new FileUploads(context, this.#documents, this.#contents);
  }

  async list(): Promise<StoredFile[]> {
    return (await this.#documents.list()).map(({ body }) => body);
  }

  /** @throws UserError 404 */
  async about(name: string): Promise<StoredFile> {
    return (await this.#documents.get(name)).body;
  }

  /** Streams the content of a file that `about` returned, to its end also when the file is replaced meanwhile; undefined when it was before. */
  content(file: StoredFile, range?: ByteRange): Promise<AsyncIterable<Buffer> | undefined> {
    return this.#contents.of(file, range);
  }

  /** Reads a file and its content, as they are now. @throws UserError 404 */
  open(name: string): Promise<{ file: StoredFile; content: AsyncIterable<Buffer> }> {
    return this.#contents.open(() => this.about(name));
  }

  /** Reads a small file as a whole, such as a certificate or a script. @throws UserError 404; 413 for one above 16 MB */
  async bytes(name: string): Promise<Buffer> {
    const { file, content } = await this.open(name);
    return await readWhole(file, content);
  }

  /** Does the same for a file that `about` returned, or that `allow` was given. @throws UserError 404 where it was replaced before; 413 */
  bytesOf(file: StoredFile): Promise<Buffer> {
    return this.#contents.bytesOf(file);
  }

  /**
   * Stores a file as it arrives. The old one is served until all of the new one is durable, then the name changes in one step. Of two
   * concurrent uploads the one that ends last wins, whole.
   * @throws UserError 400 for a bad name, a version that is missing, an upload that broke off; 413; what `allow` throws
   */
  put(
    name: string,
    content: AsyncIterable<Uint8Array> | Uint8Array,
    about: FileAbout,
    limits?: PutLimits,
  ): Promise<StoredFile> {
    return this.#uploads.put(name, content, about, limits);
  }

  /** Checks that a CPE may store its upload under the name. @throws UserError 400, 409 */
  mayReceive(name: string): Promise<void> {
    return this.#uploads.mayReceive(name);
  }

  /** @throws UserError 404, 412 */
  async remove(name: string, edit?: Edit): Promise<void> {
    const before = await this.#documents.find(name);
    await this.#documents.remove(name, false, edit);
    if (before) await this.#contents.release(before.body);
  }

  /** Deletes contents without a document: a process ended between the two writes. */
  sweep(): Promise<void> {
    return this.#contents.sweep(this.#documents.list);
  }
}

const describeFile = (
  name: string,
  { type, version, productClass }: FileAbout,
  content: Pick<StoredFile, 'size' | 'sha256' | 'content' | 'sealed'>,
  time: number,
): StoredFile => ({
  name,
  type,
  ...(version ? { version } : {}),
  ...(productClass ? { productClass } : {}),
  ...content,
  time,
});

const versionMissing = (name: string): UserError =>
  new UserError(
    400,
    'version-missing',
    `'${name}': a firmware image needs its version, as the device reports it once it runs: version=…`,
  );
