// The audit as a trail: entries are chained and appended one batch after the other, read with a filter, and checked.
import { Turns } from '../../../shared/turns.ts';
import { eachPage } from '../../store/paging.ts';
import type { AuditEntry } from '../../store/records.ts';
import { type AuditDraft, ChainCheck, type ChainReport } from './audit-chain.ts';
import { AuditWriter, type TrailContext } from './audit-writer.ts';

export interface AuditQuery {
  who?: string;
  what?: string;
  target?: string;
  /** Milliseconds, both included. */
  from?: number;
  to?: number;
  /** Only refused requests, or only those that were carried out. */
  refused?: boolean;
  test?: (entry: AuditEntry) => boolean;
  isOldestFirst?: boolean;
  limit: number;
  cursor?: string;
}

interface AuditPage {
  items: readonly AuditEntry[];
  next?: string;
}

/** Entries that are read at once to find those that fit. */
const PAGE = 500;
/** Reads of one page of entries that fit: where they are rare it ends early. */
const MAX_READS = 20;

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

  /** Entries that fit, the newest first unless asked otherwise. Where they are rare a page ends early. @throws UserError 400 `bad-cursor` */
  async list({ limit, cursor, isOldestFirst = false, ...filter }: AuditQuery): Promise<AuditPage> {
    const turns = new Turns(PAGE);
    const items: AuditEntry[] = [];
    let at = cursor;
    for (let reads = 0; reads < MAX_READS; reads++) {
      const rest = limit - items.length;
      // Without a cursor new entries may come between two reads: the first one is never cut.
      const length = at === undefined || !isNarrow(filter) ? limit : Math.max(limit, PAGE);
      const page = await this.#read({ at, isOldestFirst }, length);
      await turns.spent(page.items.length);
      const fitting = page.items.filter(entry => fits(entry, filter));
      items.push(...fitting.slice(0, rest));
      const place = page.items.indexOf(fitting[rest - 1] as AuditEntry) + 1;
      if (place > 0 && place < page.items.length) {
        const { next } = await this.#read({ at, isOldestFirst }, place);
        return { items, ...(next === undefined ? {} : { next }) };
      }
      const { next } = page;
      if (next === undefined || isBeyond(page.items.at(-1), filter, isOldestFirst)) return { items };
      if (items.length === limit) return { items, next };
      at = next;
    }
    return { items, ...(at === undefined ? {} : { next: at }) };
  }

  async #read(
    { at, isOldestFirst }: { at: string | undefined; isOldestFirst: boolean },
    limit: number,
  ): Promise<AuditPage> {
    return await this.#context.store.audit({ limit, isOldestFirst, ...(at === undefined ? {} : { cursor: at }) });
  }

  /** All entries that fit, in the same order, read as they are taken. */
  async *all(filter: Omit<AuditQuery, 'limit' | 'cursor'>): AsyncGenerator<readonly AuditEntry[]> {
    yield* eachPage({ ...filter, limit: PAGE }, query => this.list(query));
  }

  /** Reads the whole audit, and checks its chain. */
  async verify(): Promise<ChainReport> {
    const newest = this.#writer.newest;
    const check = new ChainCheck(this.#key);
    for await (const items of this.all({})) for (const entry of items) check.add(entry);
    return check.report(newest);
  }
}

/** True where entries may lie between those that fit. */
const isNarrow = (filter: object): boolean => Object.values(filter).some(value => value !== undefined);

/** No entry behind this one fits. */
const isBeyond = (
  entry: AuditEntry | undefined,
  { from, to }: Pick<AuditQuery, 'from' | 'to'>,
  isOldestFirst: boolean,
): boolean => {
  if (!entry) return false;
  return isOldestFirst ? to !== undefined && entry.time > to : from !== undefined && entry.time < from;
};

function fits(
  entry: AuditEntry,
  { who, what, target, from, to, refused, test }: Omit<AuditQuery, 'limit' | 'cursor'>,
): boolean {
  return (
    (who === undefined || entry.who === who) &&
    (what === undefined || entry.what === what) &&
    (target === undefined || entry.target === target) &&
    (from === undefined || entry.time >= from) &&
    (to === undefined || entry.time <= to) &&
    (refused === undefined || entry.status >= 400 === refused) &&
    (test === undefined || test(entry))
  );
}
