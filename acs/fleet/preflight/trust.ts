// Which CAs are on a device: those of the certificate files that it took, and those that the operator says it has from elsewhere
// (its customer profile, a technician).
import type { X509Certificate } from 'node:crypto';
import { UserError } from '../../../shared/errors.ts';
import { describe, readCertificates } from '../../../shared/pki/certificates.ts';
import type { DeviceRow } from '../../device/row.ts';
import { parseFilter, passingPart, pathsOf, toPredicate } from '../../query/filter.ts';
import type { FleetContext } from '../common/context.ts';
import type { Files } from '../files/files.ts';
import type { StoredFile } from '../files/stored-file.ts';
import type { MergedRow } from '../presets/desired.ts';
import type { Target } from './tls-settings.ts';

/** As much of a device as the CAs on it hang on. */
export type TrustRow = Omit<MergedRow, 'told'> & Pick<DeviceRow, 'applied'> & { told?: string };

/** CAs that are on every device that fits `when`. */
export interface TrustInput {
  when?: string;
  /** PEM. */
  certificates: string;
}

export interface Trust extends TrustInput {
  name: string;
  subjects: string[];
  /** Milliseconds. */
  changed: number;
}

/** CAs by a key that is equal for equal ones. */
export interface Roots {
  key: string;
  certificates: readonly X509Certificate[];
  /** The operator has told of CAs of this device. */
  told: boolean;
  /** CAs that the device has and that go: another content of their file is wanted. */
  gone: readonly X509Certificate[];
  /** Such a content is here no more, so that nobody knows what goes. */
  unsure: boolean;
}

export interface ReadRoots {
  /** Of one device, by what is wanted of it. */
  of(row: TrustRow): (target: Target) => Roots;
  /** Rows are needed with what their Informs told. */
  looksInside: boolean;
  /** Reads the files that `of` needs. Asked before, once for all devices of a page; what other runs forget meanwhile stays. */
  load(rows: readonly { row: TrustRow; targets: readonly Target[] }[]): Promise<void>;
}

export interface TrustRegister {
  list(): Promise<Trust[]>;
  /** @throws UserError 400 */
  put(name: string, input: TrustInput): Promise<Trust>;
  /** @throws UserError 404 */
  remove(name: string): Promise<void>;
  /** For one run: what is on a device once it has taken what is wanted of it. */
  reader(): Promise<ReadRoots>;
}

const trustView = (name: string, body: TrustInput, changed: number): Trust => ({
  name,
  ...body,
  subjects: readCertificates(body.certificates).map(cert => describe(cert).subject),
  changed,
});

/** By name and content of their file. */
type Certificates = Map<string, readonly X509Certificate[] | undefined>;

const certificatesOf = ({ files }: Target): StoredFile[] =>
  files.flatMap(({ kind, file }) => (kind === 'certificate' ? [file] : []));

export function createTrust({ store, clock, events }: FleetContext, files: Files): TrustRegister {
  /**
   * CAs of stored files, by name and content; undefined where the content is here no more. A file with a key is the device's own
   * certificate, and no CA.
   */
  const read: Certificates = new Map();
  let generation = -1;

  const certificatesIn = async (file: StoredFile): Promise<readonly X509Certificate[]> => {
    try {
      const bytes = await files.bytesOf(file);
      return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(bytes.toString('latin1')) ? [] : readCertificates(bytes);
    } catch (error) {
      if (error instanceof UserError) return []; // PKCS#12, nothing that a device would take, or gone meanwhile.
      throw error;
    }
  };
  const idOf = (name: string, sha256: string): string => `${name} ${sha256}`;

  /** Certificate files on a device after it took what is wanted, name and content; an older content of a name is gone then. */
  const filesOn = (row: TrustRow, target: Target): [string, string][] => {
    // As most have none.
    if (target.files.length === 0 && Object.keys(row.applied).length === 0) return [];
    const on = new Map(Object.entries(row.applied));
    for (const { name, sha256 } of certificatesOf(target)) on.set(name, sha256);
    return [...on].sort(([a], [b]) => (a < b ? -1 : 1));
  };

  const certificatesFor = async (
    id: string,
    wanted: StoredFile | { name: string; sha256: string },
  ): Promise<readonly X509Certificate[] | undefined> => {
    if (read.has(id)) return read.get(id);
    const file = 'type' in wanted ? wanted : (await store.document<StoredFile>('file', wanted.name))?.body;
    const isThere = file?.sha256 === wanted.sha256;
    const found = isThere && file.type === 'certificate' ? await certificatesIn(file) : [];
    read.set(id, isThere ? found : undefined);
    return isThere ? found : undefined;
  };

  /** What was gone may be back with each change of a file. */
  const forgetOld = (): void => {
    if (read.size >= 1000) read.clear();
    if (store.generation('file') === generation) return;
    generation = store.generation('file');
    for (const [id, found] of read) if (!found) read.delete(id);
  };

  /** CAs in files that the device took and of which another content is wanted; undefined where they are not known. */
  const replacedOn = (
    { applied }: TrustRow,
    target: Target,
    page: Certificates,
  ): (readonly X509Certificate[] | undefined)[] =>
    certificatesOf(target).flatMap(({ name, sha256 }) => {
      const old = applied[name];
      return old === undefined || old === sha256 ? [] : [page.get(idOf(name, old))];
    });

  return {
    list: async () =>
      (await store.documents<TrustInput>('trust')).map(({ name, body, changed }) => trustView(name, body, changed)),
    put: async (name, input) => {
      if (!/^[\w.-]{1,64}$/.test(name))
        throw new UserError(400, 'bad-name', `'${name}': a name is 1 to 64 letters, digits and . _ -`);
      const passing = input.when ? passingPart(parseFilter(input.when)) : undefined;
      if (passing) throw new UserError(400, 'passing-rule', `when: '${passing}' changes by itself; CAs do not`);
      const view = trustView(name, input, clock.now());
      await store.putDocument('trust', name, input);
      events.emit('change', { what: 'trust', name, by: 'written' });
      return view;
    },
    remove: async name => {
      if (!(await store.deleteDocument('trust', name)))
        throw new UserError(404, 'no-such-trust', `nothing is told under '${name}'`);
      events.emit('change', { what: 'trust', name, by: 'deleted' });
    },
    reader: async () => {
      const told = (await store.documents<TrustInput>('trust')).map(({ name, body, generation }) => {
        const filter = body.when ? parseFilter(body.when) : undefined;
        return {
          key: `${name}@${generation}`,
          certificates: readCertificates(body.certificates),
          paths: filter ? pathsOf(filter) : [],
          fits: filter ? toPredicate(filter) : () => true,
        };
      });
      const now = clock.now();
      const page: Certificates = new Map();
      const load: ReadRoots['load'] = async rows => {
        forgetOld();
        page.clear();
        const wanted = new Map<string, StoredFile | { name: string; sha256: string }>();
        for (const { row, targets } of rows) {
          for (const [name, sha256] of Object.entries(row.applied)) wanted.set(idOf(name, sha256), { name, sha256 });
          for (const file of targets.flatMap(certificatesOf)) wanted.set(idOf(file.name, file.sha256), file);
        }
        for (const [id, file] of wanted) page.set(id, await certificatesFor(id, file));
      };
      const rootsOf = (row: TrustRow, fitting: typeof told, target: Target): Roots => {
        const on = filesOn(row, target)
          .map(([name, sha256]) => idOf(name, sha256))
          .filter(id => page.get(id)?.length);
        const certificates = [...on.flatMap(id => page.get(id) ?? []), ...fitting.flatMap(entry => entry.certificates)];
        const replaced = replacedOn(row, target, page);
        const gone = replaced
          .flatMap(found => found ?? [])
          .filter(old => !certificates.some(cert => cert.raw.equals(old.raw)));
        const unsure = replaced.includes(undefined);
        const lost = [...gone.map(({ fingerprint256 }) => fingerprint256), ...(unsure ? ['?'] : [])];
        return {
          key: [...on, ...fitting.map(({ key }) => key), ...lost].join('\n'),
          certificates,
          told: fitting.length > 0,
          gone,
          unsure,
        };
      };
      const of: ReadRoots['of'] = row => {
        // A rule looks at what a device durably is, all of which is here.
        const fitting = told.filter(({ fits }) => fits(row as DeviceRow, now));
        return target => rootsOf(row, fitting, target);
      };
      return { of, load, looksInside: told.some(({ paths }) => paths.length > 0) };
    },
  };
}
