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

export function createFiles(context: FleetContext): Files {
  const { store, clock, events } = context;
  const missing = (name: string): UserError => new UserError(404, 'no-such-file', `no file '${name}'`);
  const about = async (name: string): Promise<StoredFile> => {
    const found = await store.document<StoredFile>('file', name);
    if (!found) throw missing(name);
    return found.body;
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
      await store.putBytes(name, bytes);
      await store.putDocument('file', name, file);
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
      const found = await store.bytes(name);
      if (!found) throw missing(name);
      return found;
    },
    remove: async name => {
      if (!(await store.deleteDocument('file', name))) throw missing(name);
      await store.deleteBytes(name);
      events.emit('change', { what: 'file', name, by: 'deleted' });
    },
  };
}
