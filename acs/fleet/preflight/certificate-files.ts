// CA certificates in stored files, by the name and content of the file.
import type { X509Certificate } from 'node:crypto';
import { readCertificates } from '../../../shared/pki/certificates.ts';
import { UserError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import type { Files } from '../files/files.ts';
import type { StoredFile } from '../files/stored-file.ts';
import { contentKey } from './script-settings.ts';

/** By `contentKey`; undefined where that content is stored no more. */
export type Certificates = Map<string, readonly X509Certificate[] | undefined>;

const MAX_KEPT = 1000;

/** Reads the CA certificates of stored files, and keeps what it read for other runs. */
export class CertificateFiles {
  readonly #store: Pick<Store, 'document' | 'generation'>;
  readonly #files: Pick<Files, 'bytesOf'>;
  readonly #kept: Certificates = new Map();
  #generation = -1;

  constructor(store: Pick<Store, 'document' | 'generation'>, files: Pick<Files, 'bytesOf'>) {
    this.#store = store;
    this.#files = files;
  }

  /** Forgets contents that were missing, because they may be back, as soon as any file has changed. */
  refresh(): void {
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    const generation = this.#store.generation('file');
    if (generation === this.#generation) return;
    this.#generation = generation;
    for (const [key, found] of this.#kept) if (!found) this.#kept.delete(key);
  }

  /** @returns none for a file without CA certificates; undefined where that content is stored no more */
  async read(wanted: StoredFile | { name: string; sha256: string }): Promise<readonly X509Certificate[] | undefined> {
    const key = contentKey(wanted);
    if (this.#kept.has(key)) return this.#kept.get(key);
    const file = 'type' in wanted ? wanted : (await this.#store.document<StoredFile>('file', wanted.name))?.body;
    const isStored = file?.sha256 === wanted.sha256;
    const found = isStored && file.type === 'certificate' ? await this.#readCas(file) : [];
    this.#kept.set(key, isStored ? found : undefined);
    return isStored ? found : undefined;
  }

  /** A file with a private key holds the device's own certificate, which is not a CA. */
  async #readCas(file: StoredFile): Promise<readonly X509Certificate[]> {
    try {
      const bytes = await this.#files.bytesOf(file);
      return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(bytes.toString('latin1')) ? [] : readCertificates(bytes);
    } catch (error) {
      if (error instanceof UserError) return []; // PKCS#12, a file that no device accepts, or one that was deleted meanwhile.
      throw error;
    }
  }
}
