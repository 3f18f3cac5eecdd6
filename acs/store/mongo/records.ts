// The audit and ended tasks in MongoDB, which only grow and are pruned, and the members that serve the store.
import { auditCursor, auditPlace, badCursor, pageOf } from '../paging.ts';
import type { AuditEntry, AuditHead } from '../records.ts';
import type { AuditPageQuery, Member, Retention } from '../store.ts';
import { auditMoved, jsonOf } from '../text-checks.ts';
import { type Collections, unlessThere } from './collections.ts';
import { orderKey } from './devices/device-document.ts';
import type { Link } from './link.ts';
import { isDuplicate } from './link-errors.ts';

/** Entries that one request deletes, so that it never holds up the others for long. */
const PRUNE_BATCH = 2000;

export class Records {
  readonly #link: Link;
  readonly #collections: Collections;
  /** Orders entries of one time by when this process appended them. */
  #sequence = 0;

  constructor(link: Link, collections: Collections) {
    this.#link = link;
    this.#collections = collections;
  }

  /** @throws UserError 409 for which `isConflict` holds */
  async appendAudit(entries: readonly AuditEntry[]): Promise<void> {
    const [first] = entries;
    if (first?.seq !== undefined && first.seq <= ((await this.auditHead())?.seq ?? 0)) throw auditMoved();
    for (const entry of entries) await this.#appendOne(entry);
  }

  async auditHead(): Promise<AuditHead | undefined> {
    const options = { sort: { seq: -1 as const }, limit: 1 };
    const query = { seq: { $gt: 0 } };
    const [last] = await this.#link.retry(() => this.#collections.audit.find(query, options).toArray());
    if (last?.seq === undefined) return undefined;
    return { seq: last.seq, hash: (JSON.parse(last.body) as AuditEntry).hash ?? '' };
  }

  async #appendOne(entry: AuditEntry): Promise<void> {
    const sequence = String(this.#sequence++).padStart(12, '0');
    const _id = `${orderKey(entry.time, sequence)}/${this.#link.newId()}`;
    const { seq, time } = entry;
    const document = { _id, time, body: jsonOf(entry), ...(seq === undefined ? {} : { seq }) };
    await this.#link.retry(() => unlessThere(this.#collections.audit.insertOne(document)));
    if (seq === undefined) return;
    // The index lets one entry have the place: another process may have been faster.
    const stored = await this.#link.retry(() => this.#collections.audit.findOne({ seq }));
    if (stored && (JSON.parse(stored.body) as AuditEntry).id !== entry.id) throw auditMoved();
  }

  /** The newest first, unless asked otherwise. @throws UserError 400 `bad-cursor` */
  async audit(query: AuditPageQuery): Promise<{ items: AuditEntry[]; next?: string }> {
    const { isOldestFirst = false } = query;
    const limit = pageOf(query.limit);
    const place = auditPlace(query);
    if (place !== undefined && !/^\d{16}\/\d{12}\/[\w-]+$/.test(place)) throw badCursor();
    const from = place === undefined ? {} : { _id: isOldestFirst ? { $gt: place } : { $lt: place } };
    const options = { sort: { _id: isOldestFirst ? (1 as const) : (-1 as const) }, limit: limit + 1 };
    const found = await this.#link.retry(() => this.#collections.audit.find(from, options).toArray());
    const items = found.slice(0, limit).map(({ body }) => JSON.parse(body) as AuditEntry);
    const last = found.length > limit ? found[limit - 1] : undefined;
    return last ? { items, next: auditCursor(last._id, isOldestFirst) } : { items };
  }

  async prune({ endedTasks, audit }: Retention): Promise<void> {
    await pruneEnded(this.#link, this.#collections, endedTasks);
    await pruneAudit(this.#link, this.#collections, audit);
  }

  /** @returns all members, this one among them */
  async beat({ id, address }: { id: string; address: string }): Promise<Member[]> {
    const { members } = this.#collections;
    const beat = async (): Promise<void> => {
      await members.updateOne({ _id: id }, { $set: { address }, $inc: { beat: 1 } }, { upsert: true });
    };
    // Two first beats at once may both try to insert: a second try finds the document.
    await this.#link.retry(() => beat().catch(error => (isDuplicate(error) ? beat() : Promise.reject(error))));
    const all = await this.#link.retry(() => members.find().toArray());
    return all.map(member => ({ id: member._id, address: member.address, beat: member.beat }));
  }

  async leave(id: string): Promise<void> {
    await this.#link.retry(() => this.#collections.members.deleteOne({ _id: id }));
  }
}

/** The time below which entries go: by age, or that of the newest which are kept by number. */
async function pruneBelow(
  link: Link,
  { before, keep }: Retention['audit'],
  newest: () => Promise<number | undefined>,
): Promise<number> {
  return Math.max(before, keep >= 1 ? ((await link.retry(newest)) ?? 0) : 0);
}

async function pruneAudit(link: Link, { audit }: Collections, kept: Retention['audit']): Promise<void> {
  const options = { sort: { _id: -1 as const }, skip: kept.keep - 1, limit: 1, projection: { time: 1 } };
  const below = await pruneBelow(link, kept, async () => (await audit.find({}, options).toArray())[0]?.time);
  const old = () => audit.find({ time: { $lt: below } }, { projection: { _id: 1 }, limit: PRUNE_BATCH }).toArray();
  for (let found = PRUNE_BATCH; found === PRUNE_BATCH; ) {
    const ids = (await link.retry(old)).map(({ _id }) => _id);
    if (ids.length > 0) await link.retry(() => audit.deleteMany({ _id: { $in: ids } }));
    found = ids.length;
  }
}

async function pruneEnded(link: Link, { ended }: Collections, kept: Retention['endedTasks']): Promise<void> {
  const options = { sort: { ended: -1 as const }, skip: kept.keep - 1, limit: 1, projection: { ended: 1 } };
  const below = await pruneBelow(link, kept, async () => (await ended.find({}, options).toArray())[0]?.ended);
  const old = () => ended.find({ ended: { $lt: below } }, { projection: { _id: 1 }, limit: PRUNE_BATCH }).toArray();
  for (let found = PRUNE_BATCH; found === PRUNE_BATCH; ) {
    const ids = (await link.retry(old)).map(({ _id }) => _id);
    if (ids.length > 0) await link.retry(() => ended.deleteMany({ _id: { $in: ids } }));
    found = ids.length;
  }
}
