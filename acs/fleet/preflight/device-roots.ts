// CAs on a device for one run: those in certificate files that it has taken, and those that the operator declared.
import type { X509Certificate } from 'node:crypto';
import { readCertificates } from '../../../shared/pki/certificates.ts';
import type { DeviceRow } from '../../device/row.ts';
import { pathsOf } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import { type Predicate, toPredicate } from '../../query/predicate.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { StoredFile } from '../files/stored-file.ts';
import type { MergedRow } from '../presets/desired.ts';
import type { CertificateFiles, Certificates } from './certificate-files.ts';
import { contentKey } from './script-settings.ts';
import type { WantedTls } from './tls-settings.ts';

/** CAs that are on every device that fits `when`. */
export interface TrustInput {
  when?: string;
  /** PEM. */
  certificates: string;
}

/** The fields of a device that the CAs on it depend on. */
export type TrustRow = Omit<MergedRow, 'told'> & Pick<DeviceRow, 'applied'> & { told?: string };

/** CAs of a device. */
export interface Roots {
  /** Equal for equal CAs. */
  key: string;
  certificates: readonly X509Certificate[];
  /** The operator has declared CAs of this device. */
  declared: boolean;
  /** CAs that the device loses, because another content of their file is wanted. */
  gone: readonly X509Certificate[];
  /** A replaced content is stored no more, so the CAs that go with it are not known. */
  unsure: boolean;
}

interface Declaration {
  key: string;
  certificates: readonly X509Certificate[];
  paths: readonly string[];
  fits: Predicate;
}

const certificatesOf = ({ files }: WantedTls): StoredFile[] =>
  files.flatMap(({ kind, file }) => (kind === 'certificate' ? [file] : []));

export class DeviceRoots {
  readonly #declarations: readonly Declaration[];
  readonly #files: CertificateFiles;
  readonly #now: number;
  readonly #page: Certificates = new Map();
  /** Rows are needed with the values of their Informs. */
  readonly needsInformValues: boolean;

  constructor(declared: readonly StoredDocument<TrustInput>[], files: CertificateFiles, now: number) {
    this.#declarations = declared.map(declarationOf);
    this.#files = files;
    this.#now = now;
    this.needsInformValues = this.#declarations.some(({ paths }) => paths.length > 0);
  }

  /** Reads the files that `of` needs for a page of devices. They stay readable whatever other runs forget meanwhile. */
  async load(devices: readonly { row: TrustRow; wanted: readonly WantedTls[] }[]): Promise<void> {
    this.#files.refresh();
    this.#page.clear();
    const needed = new Map<string, StoredFile | { name: string; sha256: string }>();
    for (const { row, wanted } of devices) {
      for (const [name, sha256] of Object.entries(row.applied))
        needed.set(contentKey({ name, sha256 }), { name, sha256 });
      for (const file of wanted.flatMap(certificatesOf)) needed.set(contentKey(file), file);
    }
    for (const [key, file] of needed) this.#page.set(key, await this.#files.read(file));
  }

  /** @returns the CAs of a device once it has taken what is wanted */
  of(row: TrustRow): (wanted: WantedTls) => Roots {
    // A stored filter looks only at lasting properties, and the row has all of these.
    const declared = this.#declarations.filter(({ fits }) => fits(row as DeviceRow, this.#now));
    return wanted => this.#rootsOf(row, declared, wanted);
  }

  #rootsOf(row: TrustRow, declared: readonly Declaration[], wanted: WantedTls): Roots {
    const taken = filesAfter(row, wanted).filter(key => this.#page.get(key)?.length);
    const certificates = [
      ...taken.flatMap(key => this.#page.get(key) ?? []),
      ...declared.flatMap(entry => entry.certificates),
    ];
    const replaced = this.#replaced(row, wanted);
    const gone = replaced
      .flatMap(found => found ?? [])
      .filter(old => !certificates.some(cert => cert.raw.equals(old.raw)));
    const unsure = replaced.includes(undefined);
    const lost = [...gone.map(({ fingerprint256 }) => fingerprint256), ...(unsure ? ['?'] : [])];
    return {
      key: [...taken, ...declared.map(({ key }) => key), ...lost].join('\n'),
      certificates,
      declared: declared.length > 0,
      gone,
      unsure,
    };
  }

  /** CAs of files that the device took and of which another content is wanted; undefined where they are not known. */
  #replaced({ applied }: TrustRow, wanted: WantedTls): (readonly X509Certificate[] | undefined)[] {
    return certificatesOf(wanted).flatMap(({ name, sha256 }) => {
      const old = applied[name];
      return old === undefined || old === sha256 ? [] : [this.#page.get(contentKey({ name, sha256: old }))];
    });
  }
}

const declarationOf = ({ name, body, generation }: StoredDocument<TrustInput>): Declaration => {
  const filter = body.when ? parseFilter(body.when) : undefined;
  return {
    key: `${name}@${generation}`,
    certificates: readCertificates(body.certificates),
    paths: filter ? pathsOf(filter) : [],
    fits: filter ? toPredicate(filter) : () => true,
  };
};

/** Files on a device after it took what is wanted, as `contentKey`s: a new content of a name replaces the older one. */
function filesAfter({ applied }: TrustRow, wanted: WantedTls): string[] {
  // Most devices have none: the fast way out.
  if (wanted.files.length === 0 && Object.keys(applied).length === 0) return [];
  const files = new Map(Object.entries(applied));
  for (const { name, sha256 } of certificatesOf(wanted)) files.set(name, sha256);
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, sha256]) => contentKey({ name, sha256 }));
}
