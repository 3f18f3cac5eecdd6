// Outboxes that are copied and still in their document: its next write leaves them out; where none comes, those of many devices are taken
// out together.
import type { Timer } from '../../../../shared/clock.ts';
import type { Collections, HeldDocument } from '../collections.ts';
import type { Link } from '../link.ts';
import type { WrittenDocuments } from './written-documents.ts';

/** Time for which a copied outbox waits in its document for the next write. */
const TIDY_MS = 2000;
const BATCH = 500;

type Write = Pick<HeldDocument, '_id' | 'op'>;

export class CopiedOutboxes {
  readonly #link: Link;
  readonly #devices: Collections['devices'];
  readonly #written: WrittenDocuments;
  /** The device, by the write that left the outbox. */
  readonly #copied = new Map<string, string>();
  #tidying: Timer | undefined;

  constructor(link: Link, { devices }: Collections, written: WrittenDocuments) {
    this.#link = link;
    this.#devices = devices;
    this.#written = written;
  }

  add({ _id, op }: Write): void {
    this.#copied.set(op, _id);
    this.#tidying ??= this.#link.clock.after(TIDY_MS, () => this.#link.keep(this.tidy()));
  }

  /** @returns whether it was there: the next write leaves it out */
  take(op: string): boolean {
    return this.#copied.delete(op);
  }

  async tidy(): Promise<void> {
    this.#tidying?.cancel();
    this.#tidying = undefined;
    const copied = [...this.#copied].map(([op, _id]) => ({ _id, op }));
    // A write that comes meanwhile finds them copied, or copies them once more: both are right.
    for (let at = 0; at < copied.length; at += BATCH) {
      const batch = copied.slice(at, at + BATCH);
      // Where this fails, a sweep does it.
      await this.empty(batch).catch(() => undefined);
      for (const { op } of batch) this.#copied.delete(op);
    }
  }

  /** Takes outboxes out. Only the document that holds one is changed. */
  async empty(documents: readonly Write[]): Promise<void> {
    if (documents.length === 0) return;
    const writes = documents.map(({ _id, op }) => ({
      updateOne: { filter: { _id, op }, update: { $unset: { outbox: '' as const, notices: '' as const } } },
    }));
    await this.#link.retry(() => this.#devices.bulkWrite(writes, { ordered: false }));
    for (const { _id, op } of documents) this.#written.noteEmptied(_id, op);
  }
}
