// Appends to the audit: entries are chained and stored one batch after the other, also where several processes append.
import { isConflict } from '../../../shared/errors.ts';
import { noticeId } from '../../store/notices.ts';
import type { AuditEntry, AuditHead, Notice } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { type AuditDraft, chained } from './audit-chain.ts';

interface Waiting {
  draft: AuditDraft;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Entries in one commit. */
const MAX_BATCH = 100;
/** Other processes that may be faster, one after the other. */
const MAX_TRIES = 50;
/** Newest entries among which those of a commit that was cut short are looked for. */
const LOOKED_AT = 500;

export type TrailContext = Pick<FleetContext, 'store' | 'secrets' | 'events'> &
  Pick<FleetContext['ports'], 'auditSink'>;

export class AuditWriter {
  readonly #context: TrailContext;
  readonly #key: Buffer;
  readonly #waiting: Waiting[] = [];
  #isWriting = false;
  /** The last place that this process has written. */
  #head: AuditHead | undefined;

  constructor(context: TrailContext, key: Buffer) {
    this.#context = context;
    this.#key = key;
  }

  /** The last place that this process knows to have been written. */
  get newest(): number | undefined {
    return this.#head?.seq;
  }

  /** Resolves once the entry is stored. @throws what the store throws */
  append(draft: AuditDraft): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ draft, resolve, reject });
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        await this.#append(batch.map(({ draft }) => draft));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isWriting = false;
  }

  async #append(drafts: AuditDraft[]): Promise<void> {
    const { store, events, auditSink } = this.#context;
    let left = drafts;
    for (let tries = 1; left.length > 0; tries++) {
      const entries = chained(this.#key, this.#head ?? (await store.auditHead()), left);
      try {
        await store.appendAudit(entries, store.generation('webhook') > 0 ? entries.map(noticeOf) : []);
        const { seq = 0, hash = '' } = entries.at(-1) ?? {};
        this.#head = { seq, hash };
        auditSink?.(entries);
        events.emit('audit', { seq });
        return;
      } catch (error) {
        if (!isConflict(error) || tries === MAX_TRIES) throw error;
        left = await this.#leftOf(left);
      }
    }
  }

  /** After a conflict: the drafts that are not stored, to be chained to the head as it is now. */
  async #leftOf(drafts: AuditDraft[]): Promise<AuditDraft[]> {
    const { store } = this.#context;
    this.#head = await store.auditHead();
    const stored = new Set((await store.audit({ limit: LOOKED_AT })).items.map(({ id }) => id));
    return drafts.filter(({ id }) => !stored.has(id));
  }
}

const noticeOf = ({ prev: _prev, ...entry }: AuditEntry): Notice => {
  const { id, time } = entry;
  const data = { ...entry, time: new Date(time).toISOString() };
  return { id: noticeId('audit', id), type: 'audit', time, data };
};
