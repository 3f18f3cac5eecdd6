// The versions that are kept of a device's configuration: their record is a document of the device, their bytes are sealed contents.
import { UserError } from '../../errors.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { retryConflicts } from '../common/documents.ts';
import { FileContents, oldContents } from '../files/contents.ts';
import type { StoredFile } from '../files/stored-file.ts';

/** A version, in the form of a stored file. */
export interface BackupVersion extends StoredFile {
  n: number;
  /** The file type that the device was asked for. */
  fileType: string;
  /** The rule that asked; absent where an operator did. */
  rule?: string;
  /** The device sent the same again then, milliseconds. */
  seen?: number;
}

interface DeviceBackups {
  /** The number of the last version. */
  last: number;
  /** The oldest first. */
  versions: BackupVersion[];
}

/** Names of contents begin with it: no name of a file does. */
const PREFIX = '~backup ';
/** Bytes of one version: that of a DGW has some hundred thousand. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Versions of a device that are kept at most, whatever rules say. */
const MAX_KEEP = 50;

const nothing: DeviceBackups = { last: 0, versions: [] };

/** The versions with one more, and those whose contents are to be deleted. */
function withVersion(
  { last, versions }: DeviceBackups,
  given: Omit<BackupVersion, 'n'>,
  keep: number,
): { kept: DeviceBackups; gone: readonly StoredFile[] } {
  const newest = versions.findLast(({ fileType }) => fileType === given.fileType);
  if (newest?.sha256 === given.sha256) {
    const { rule, time: seen } = given;
    const again = { ...newest, seen, ...(rule === undefined ? {} : { rule }) };
    return { kept: { last, versions: versions.map(version => (version === newest ? again : version)) }, gone: [given] };
  }
  const all = [...versions, { n: last + 1, ...given }];
  const kept = all.slice(-Math.min(keep, MAX_KEEP));
  return { kept: { last: last + 1, versions: kept }, gone: all.slice(0, all.length - kept.length) };
}

export class BackupVersions {
  readonly #context: FleetContext;
  readonly #contents: FileContents;

  constructor(context: FleetContext) {
    this.#context = context;
    this.#contents = new FileContents(context);
  }

  /** The oldest first. */
  async of(device: string): Promise<readonly BackupVersion[]> {
    return (await this.#find(device))?.body.versions ?? [];
  }

  /** @throws UserError 404 */
  async get(device: string, n: number): Promise<BackupVersion> {
    const found = (await this.of(device)).find(version => version.n === n);
    if (found) return found;
    throw new UserError(404, 'no-such-backup', `device ${device} has no backup ${n}`);
  }

  /** Reads a version in pieces. @throws UserError 404 where it has just been replaced by newer ones */
  async open(version: BackupVersion): Promise<AsyncIterable<Buffer>> {
    const content = await this.#contents.of(version);
    if (content) return content;
    throw new UserError(404, 'no-such-backup', `backup ${version.n} is no longer kept`);
  }

  /** Stores what a device has sent. The same content as before makes no new version. @throws UserError 400, 413 */
  async put(
    device: string,
    given: AsyncIterable<Uint8Array>,
    about: Pick<BackupVersion, 'fileType' | 'rule'> & { keep: number; announced: number },
  ): Promise<{ size: number }> {
    const { keep, announced, ...kind } = about;
    if (announced > MAX_BYTES) throw new UserError(413, 'file-too-large', `more than ${MAX_BYTES} bytes are not taken`);
    const content = await this.#contents.put(`${PREFIX}${device}`, given, { most: MAX_BYTES, isSealed: true });
    const name = `${device} backup`;
    const time = this.#context.clock.now();
    const gone = await retryConflicts(async () => {
      const before = await this.#find(device);
      const next = { name, type: 'upload' as const, time, ...kind, ...content };
      const merged = withVersion(before?.body ?? nothing, next, keep);
      await this.#write(device, merged.kept, before);
      return merged.gone;
    });
    for (const version of gone) await this.#contents.release(version);
    return { size: content.size };
  }

  /** Deletes all that is kept of a device. */
  async forget(device: string): Promise<void> {
    const versions = await this.of(device);
    await this.#context.store.deleteDocument('backup', device);
    for (const version of versions) await this.#contents.release(version);
  }

  #find(device: string): Promise<StoredDocument<DeviceBackups> | undefined> {
    return this.#context.store.document<DeviceBackups>('backup', device);
  }

  async #write(device: string, body: DeviceBackups, before: StoredDocument<DeviceBackups> | undefined): Promise<void> {
    await this.#context.store.putDocument('backup', device, body, before?.generation ?? 0);
  }
}

/** Deletes contents without a document, and what is kept of devices that are gone: a process ended between two writes. */
export async function sweepBackups(context: FleetContext, versions: BackupVersions): Promise<void> {
  const { store } = context;
  for await (const old of oldContents(context, { after: PREFIX }))
    for (const name of old.filter(each => each.startsWith(PREFIX))) {
      const device = name.slice(PREFIX.length).split(' ')[0] ?? '';
      if (!(await store.device(device))) await versions.forget(device);
      const kept = await versions.of(device);
      if (!kept.some(({ content }) => content === name)) await store.deleteContent(name);
    }
}
