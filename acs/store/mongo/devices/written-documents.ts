// The documents that this process wrote last: a guess of what is stored, which spares the read before a write. The write is conditional
// on it, so it proves the guess; where another process has written since, the document is read and all is done again.
import type { HeldDocument } from '../collections.ts';

/** Characters of all texts together; the documents that were written longest ago go first. */
const MAX_CHARACTERS = 48 * 1024 * 1024;
/** The memory of a document besides its texts. */
const OVERHEAD = 1024;
const MAX_TRUST = 64;
/** Of devices that are not in session, one in this number is remembered where guesses are mostly wrong: it tells when they are right again. */
const SAMPLE = 16;

const lengthOf = (parts: readonly { body: string }[] = []): number =>
  parts.reduce((sum, { body }) => sum + body.length, 0);

const sizeOf = ({ row = '', known = '', chunks = [], outbox, notices }: HeldDocument): number =>
  OVERHEAD + row.length + known.length + 200 * chunks.length + lengthOf(outbox) + lengthOf(notices);

export class WrittenDocuments {
  /** By key, the one written last at the end. */
  readonly #documents = new Map<string, HeldDocument>();
  #size = 0;
  /** Falls where sessions of a device come to another process each time: a wrong guess costs a write in vain. */
  #trust = MAX_TRUST;
  #released = 0;

  /** Takes the document out: whatever becomes of the write, what was known before is not known after it. */
  take(_id: string): HeldDocument | undefined {
    const known = this.#documents.get(_id);
    if (known) this.#forget(known);
    return known;
  }

  /** @param isInSession another process does not write it as long as the session lasts */
  remember(document: HeldDocument, isInSession: boolean): void {
    this.take(document._id);
    if (!isInSession && this.#trust < MAX_TRUST / 2 && this.#released++ % SAMPLE !== 0) return;
    this.#documents.set(document._id, document);
    this.#size += sizeOf(document);
    for (const oldest of this.#documents.values()) {
      if (this.#size <= MAX_CHARACTERS) return;
      this.#forget(oldest);
    }
  }

  /** Notes that a guess about a device that was not in session was right or wrong. */
  judge(isRight: boolean): void {
    this.#trust = Math.min(MAX_TRUST, Math.max(0, this.#trust + (isRight ? 1 : -1)));
  }

  /** Notes that the outbox of that write is no longer in its document. */
  noteEmptied(_id: string, op: string): void {
    const known = this.#documents.get(_id);
    if (known?.op !== op) return;
    const { outbox: _outbox, notices: _notices, ...rest } = known;
    this.#documents.set(_id, rest);
    this.#size += sizeOf(rest) - sizeOf(known);
  }

  #forget(document: HeldDocument): void {
    this.#documents.delete(document._id);
    this.#size -= sizeOf(document);
  }
}
