// Files that CPEs fetch (firmware, scripts, certificates, web content) or stored (uploads).
import { createHash } from 'node:crypto';
import { UserError } from '../../shared/errors.ts';
import type { FleetContext } from './context.ts';

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
}

export interface Files {
  put(
    name: string,
    bytes: Buffer,
    about: { type: FileKind; version?: string; productClass?: string },
  ): Promise<StoredFile>;
  list(): Promise<StoredFile[]>;
  /** @throws UserError 404 */
  about(name: string): Promise<StoredFile>;
  /** @throws UserError 404 */
  bytes(name: string): Promise<Buffer>;
  /** Whether a CPE may store its upload under that name. @throws UserError 400, 409 */
  mayReceive(name: string): Promise<void>;
  /** @throws UserError 404 */
  remove(name: string): Promise<void>;
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

/**
 * Where the bytes lie: a place for each content, so that a file changes in the one step in which its document does. A process that
 * ends in between leaves the old file whole.
 */
const placeOf = ({ name, sha256 }: Pick<StoredFile, 'name' | 'sha256'>): string => `${name} ${sha256}`;

export function createFiles(context: FleetContext): Files {
  const { store, clock, events } = context;
  const missing = (name: string): UserError => new UserError(404, 'no-such-file', `no file '${name}'`);
  const about = async (name: string): Promise<StoredFile> => {
    const found = await store.document<StoredFile>('file', name);
    if (!found) throw missing(name);
    return found.body;
  };
  /** Changes of one file, one after the other: none takes away the bytes that another has just stored. */
  const turns = new Map<string, Promise<void>>();
  const inTurn = async (name: string, change: () => Promise<void>): Promise<void> => {
    const before = turns.get(name);
    const turn = (async () => {
      // How the one before ended is told to its own caller.
      await before?.catch(() => undefined);
      await change();
    })();
    turns.set(name, turn);
    try {
      await turn;
    } finally {
      if (turns.get(name) === turn) turns.delete(name);
    }
  };
  return {
    about,
    put: async (name, bytes, given) => {
      checkName(name);
      if (given.type === 'firmware' && !given.version) {
        throw new UserError(
          400,
          'version-missing',
          `'${name}': a firmware image needs its version, as the device reports it once it runs: version=…`,
        );
      }
      const file: StoredFile = {
        name,
        type: given.type,
        ...(given.version ? { version: given.version } : {}),
        ...(given.productClass ? { productClass: given.productClass } : {}),
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        time: clock.now(),
      };
      await inTurn(name, async () => {
        const before = await store.document<StoredFile>('file', name);
        await store.putBytes(placeOf(file), bytes);
        await store.putDocument('file', name, file);
        if (before && before.body.sha256 !== file.sha256) await store.deleteBytes(placeOf(before.body));
      });
      events.emit('change', { what: 'file', name, by: given.type });
      return file;
    },
    mayReceive: async name => {
      checkName(name);
      const there = await store.document<StoredFile>('file', name);
      if (there && there.body.type !== 'upload')
        throw new UserError(
          409,
          'file-exists',
          `'${name}' is a ${there.body.type} file; an upload does not replace it`,
        );
    },
    list: async () => (await store.documents<StoredFile>('file')).map(document => document.body),
    bytes: async name => {
      for (let file = await about(name); ; ) {
        const found = await store.bytes(placeOf(file));
        if (found) return found;
        // Replaced between the two reads, or not there at all.
        const now = await about(name);
        if (now.sha256 === file.sha256) throw missing(name);
        file = now;
      }
    },
    remove: async name => {
      await inTurn(name, async () => {
        const before = await store.document<StoredFile>('file', name);
        if (!(await store.deleteDocument('file', name))) throw missing(name);
        if (before) await store.deleteBytes(placeOf(before.body));
      });
      events.emit('change', { what: 'file', name, by: 'deleted' });
    },
  };
}
