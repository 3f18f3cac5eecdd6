// The audit as a trail: entries are chained and appended one batch after the other, read with a filter, and checked.
import { Turns } from '../../../shared/turns.ts';
import type { AuditEntry } from '../../store/records.ts';
import { type AuditDraft, ChainCheck, type ChainReport } from './audit-chain.ts';
import { AuditWriter, type TrailContext } from './audit-writer.ts';
import { firstPage } from './first-page.ts';

export interface AuditQuery {
  who?: string;
  what?: string;
  target?: string;
  /** Milliseconds, both included. */
  from?: number;
  to?: number;
  /** Only refused requests, or only those that were carried out. */
  refused?: boolean;
  limit: number;
  cursor?: string;
}

const PAGE = 500;

export class AuditTrail {
  readonly #context: TrailContext;
  readonly #key: Buffer;
  readonly #writer: AuditWriter;

  constructor(context: TrailContext) {
    this.#context = context;
    this.#key = context.secrets.keyFor('audit chain');
    this.#writer = new AuditWriter(context, this.#key);
  }

  /** Resolves once the entry is stored. @throws what the store throws */
  readonly append = (draft: AuditDraft): Promise<void> => this.#writer.append(draft);

  /** Entries that fit, the newest first. Where others lie between them a page ends early. @throws UserError 400 `bad-cursor` */
  async list({ limit, cursor, ...filter }: AuditQuery): Promise<{ items: readonly AuditEntry[]; next?: string }> {
    const { store } = this.#context;
    const { from = 0 } = filter;
    const turns = new Turns(PAGE);
    const fitting = async (items: readonly AuditEntry[]) => items.filter(entry => fits(entry, filter));
    return await firstPage(
      { limit, ...(cursor === undefined ? {} : { cursor }) },
      async query => {
        const { next, ...found } = await store.audit(query);
        await turns.spent(found.items.length);
        // All further ones are older.
        const isOver = (found.items.at(-1)?.time ?? from) < from;
        return next === undefined || isOver ? found : { ...found, next };
      },
      fitting,
    );
  }

  /** All entries that fit, the newest first, read as they are taken. */
  async *all(filter: Omit<AuditQuery, 'limit' | 'cursor'>): AsyncGenerator<readonly AuditEntry[]> {
    for (let cursor: string | undefined; ; ) {
      const { items, next } = await this.list({ ...filter, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      yield items;
      if (next === undefined) return;
      cursor = next;
    }
  }

  /** Reads the whole audit, and checks its chain. */
  async verify(): Promise<ChainReport> {
    const newest = this.#writer.newest;
    const check = new ChainCheck(this.#key);
    for await (const items of this.all({})) for (const entry of items) check.add(entry);
    return check.report(newest);
  }
}

function fits(
  entry: AuditEntry,
  { who, what, target, from, to, refused }: Omit<AuditQuery, 'limit' | 'cursor'>,
): boolean {
  return (
    (who === undefined || entry.who === who) &&
    (what === undefined || entry.what === what) &&
    (target === undefined || entry.target === target) &&
    (from === undefined || entry.time >= from) &&
    (to === undefined || entry.time <= to) &&
    (refused === undefined || entry.status >= 400 === refused)
  );
}
