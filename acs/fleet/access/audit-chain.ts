// The chain of the audit: each entry has the keyed hash of its own text and of the entry before, so that one that is removed or changed shows.
import { createHmac } from 'node:crypto';
import type { AuditEntry, AuditHead } from '../../store/records.ts';

/** An entry without its place in the chain. */
export type AuditDraft = Omit<AuditEntry, 'seq' | 'prev' | 'hash'>;

const hashOf = (key: Buffer, entry: Omit<AuditEntry, 'hash'>): string =>
  createHmac('sha256', key).update(JSON.stringify(entry)).digest('base64url');

/** The entries in their order, each bound to the one before. */
export function chained(key: Buffer, head: AuditHead | undefined, drafts: readonly AuditDraft[]): AuditEntry[] {
  let { seq, hash } = head ?? { seq: 0, hash: '' };
  return drafts.map(draft => {
    seq++;
    const entry = { ...draft, seq, prev: hash };
    hash = hashOf(key, entry);
    return { ...entry, hash };
  });
}

export interface ChainReport {
  /** Entries that were read, and those among them from before the chain. */
  entries: number;
  unchained: number;
  /** Places of the first and the last entry of the chain. */
  first: number | null;
  last: number | null;
  intact: boolean;
  /** The first of them. */
  problems: { seq: number; problem: 'changed' | 'missing' | 'not-linked' | 'double' }[];
}

const MAX_PROBLEMS = 100;

/** Checks entries in about any order: what is not matched yet is held, so memory is bounded where they come in order. */
export class ChainCheck {
  readonly #key: Buffer;
  readonly #report: ChainReport = {
    ...{ entries: 0, unchained: 0, first: null, last: null },
    ...{ intact: true, problems: [] },
  };
  /** Hashes of entries whose successor has not come, and hashes that a successor expects, by place. */
  readonly #found = new Map<number, string>();
  readonly #expected = new Map<number, string>();

  constructor(key: Buffer) {
    this.#key = key;
  }

  add({ hash = '', ...entry }: AuditEntry): void {
    this.#report.entries++;
    const { seq, prev = '' } = entry;
    if (seq === undefined) {
      this.#report.unchained++;
      return;
    }
    const { first, last } = this.#report;
    this.#report.first = Math.min(first ?? seq, seq);
    this.#report.last = Math.max(last ?? seq, seq);
    if (hashOf(this.#key, entry) !== hash) this.#complain(seq, 'changed');
    if (this.#found.has(seq)) this.#complain(seq, 'double');
    this.#meet(seq, this.#expected.get(seq), hash);
    if (!this.#expected.delete(seq)) this.#found.set(seq, hash);
    const before = this.#found.get(seq - 1);
    this.#meet(seq - 1, prev, before);
    if (!this.#found.delete(seq - 1)) this.#expected.set(seq - 1, prev);
  }

  /** @param newest the last place that is known to have been written */
  report(newest = 0): ChainReport {
    const { first, last } = this.#report;
    // The entry before the oldest was deleted at the end of its time, or there was none.
    for (const seq of this.#expected.keys()) if (first !== null && seq >= first) this.#complain(seq, 'missing');
    for (let seq = (last ?? 0) + 1; last !== null && seq <= newest; seq++) this.#complain(seq, 'missing');
    return this.#report;
  }

  #meet(seq: number, expected: string | undefined, found: string | undefined): void {
    if (expected !== undefined && found !== undefined && expected !== found) this.#complain(seq, 'not-linked');
  }

  #complain(seq: number, problem: ChainReport['problems'][number]['problem']): void {
    this.#report.intact = false;
    if (this.#report.problems.length < MAX_PROBLEMS) this.#report.problems.push({ seq, problem });
  }
}
