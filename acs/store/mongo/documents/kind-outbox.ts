// The outbox in the document of a kind: notices for webhooks and the version of its last write, until they are in collections of their own.
import type { Collections, KindDocument, KindEntry } from '../collections.ts';
import type { Deliveries } from '../deliveries.ts';
import type { Link } from '../link.ts';
import type { DocumentVersions } from './document-versions.ts';

export class KindOutbox {
  readonly #link: Link;
  readonly #kinds: Collections['kinds'];
  readonly #deliveries: Deliveries;
  readonly #versions: DocumentVersions;

  constructor(
    link: Link,
    { kinds }: Collections,
    { deliveries, versions }: { deliveries: Deliveries; versions: DocumentVersions },
  ) {
    this.#link = link;
    this.#kinds = kinds;
    this.#deliveries = deliveries;
    this.#versions = versions;
  }

  /** Copies what a document carries. @param replaced the entry that is about to be replaced: its version must be kept by then */
  async copy(document: KindDocument, replaced?: KindEntry): Promise<void> {
    if (document.notices) await this.#deliveries.add(document.notices);
    await this.#versions.keep(document);
    if (replaced) await this.#versions.keepOld(document._id, replaced);
  }

  /** Copies it, and takes it out of the document. */
  async settle(document: KindDocument): Promise<void> {
    const { _id, op, notices, version } = document;
    if (!notices && !version) return;
    await this.copy(document);
    await this.#link.retry(() => this.#kinds.updateOne({ _id, op }, { $unset: { notices: '', version: '' } }));
  }
}
