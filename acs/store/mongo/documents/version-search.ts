// Reads of versions in MongoDB, with those that are not copied to their collection yet.
import type { DocumentVersion, VersionEntry, VersionedKind } from '../../document-versions.ts';
import type { DocumentKinds } from './document-kinds.ts';
import type { DocumentVersions } from './document-versions.ts';

export class VersionSearch {
  readonly #kinds: DocumentKinds;
  readonly #versions: DocumentVersions;

  constructor(kinds: DocumentKinds, versions: DocumentVersions) {
    this.#kinds = kinds;
    this.#versions = versions;
  }

  /** The newest first. */
  async list(kind: VersionedKind, name: string): Promise<VersionEntry[]> {
    await this.#settle(kind, name);
    return await this.#versions.list(kind, name);
  }

  async get<T>(kind: VersionedKind, name: string, generation: number): Promise<DocumentVersion<T> | undefined> {
    await this.#settle(kind, name);
    return await this.#versions.get<T>(kind, name, generation);
  }

  /** The deletion of each name that has only versions, the newest first. */
  async deleted(kind: VersionedKind): Promise<VersionEntry[]> {
    const stored = await this.#kinds.settled(kind);
    return await this.#versions.deleted(kind, new Set(stored?.names.map(({ name }) => name)));
  }

  /** Copies what the document of the kind carries, and an entry that an older version of the program wrote. */
  async #settle(kind: VersionedKind, name: string): Promise<void> {
    const entry = (await this.#kinds.settled(kind))?.names.find(each => each.name === name);
    if (entry) await this.#versions.keepOld(kind, entry);
  }
}
