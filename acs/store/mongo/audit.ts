// What only grows in MongoDB (audit, ended tasks) and how it is cut, and the members that serve the store.

import { badCursor, pageOf } from '../paging.ts';
import type { AuditEntry } from '../records.ts';
import type { Member, Retention } from '../store.ts';
import { jsonOf } from '../text-checks.ts';
import { type Collections, unlessThere } from './collections.ts';
import { orderKey } from './device-document.ts';
import { isDuplicate, type Link } from './link.ts';

export interface Records {
  appendAudit(entry: AuditEntry): Promise<void>;
  audit(query: { limit: number; cursor?: string }): Promise<{ items: AuditEntry[]; next?: string }>;
  prune(retention: Retention): Promise<void>;
  beat(member: { id: string; address: string }): Promise<Member[]>;
  leave(id: string): Promise<void>;
}

/** How many one request deletes, so that it never holds up the others for long. */
const PRUNE_BATCH = 2000;

export function createRecords(link: Link, { audit, ended, members }: Collections): Records {
  let sequence = 0;

  /** The time below which entries go: by age, or that of the newest so many. */
  const pruneBelow = async (kept: Retention['audit'], newest: () => Promise<number | undefined>): Promise<number> =>
    Math.max(kept.before, kept.keep >= 1 ? ((await link.retry(newest)) ?? 0) : 0);

  const pruneAudit = async (kept: Retention['audit']): Promise<void> => {
    const options = { sort: { _id: -1 as const }, skip: kept.keep - 1, limit: 1, projection: { time: 1 } };
    const below = await pruneBelow(kept, async () => (await audit.find({}, options).toArray())[0]?.time);
    const old = () => audit.find({ time: { $lt: below } }, { projection: { _id: 1 }, limit: PRUNE_BATCH }).toArray();
    for (let found = PRUNE_BATCH; found === PRUNE_BATCH; ) {
      const ids = (await link.retry(old)).map(({ _id }) => _id);
      if (ids.length > 0) await link.retry(() => audit.deleteMany({ _id: { $in: ids } }));
      found = ids.length;
    }
  };
  const pruneEnded = async (kept: Retention['endedTasks']): Promise<void> => {
    const options = { sort: { ended: -1 as const }, skip: kept.keep - 1, limit: 1, projection: { ended: 1 } };
    const below = await pruneBelow(kept, async () => (await ended.find({}, options).toArray())[0]?.ended);
    const old = () => ended.find({ ended: { $lt: below } }, { projection: { _id: 1 }, limit: PRUNE_BATCH }).toArray();
    for (let found = PRUNE_BATCH; found === PRUNE_BATCH; ) {
      const ids = (await link.retry(old)).map(({ _id }) => _id);
      if (ids.length > 0) await link.retry(() => ended.deleteMany({ _id: { $in: ids } }));
      found = ids.length;
    }
  };

  return {
    appendAudit: async entry => {
      // By time, then in the order in which this process appended them.
      const _id = `${orderKey(entry.time, String(sequence++).padStart(12, '0'))}/${link.newId()}`;
      const document = { _id, time: entry.time, body: jsonOf(entry) };
      await link.retry(() => unlessThere(audit.insertOne(document)));
    },
    audit: async ({ limit: wanted, cursor }) => {
      const limit = pageOf(wanted);
      if (cursor !== undefined && !/^\d{16}\/\d{12}\/[\w-]+$/.test(cursor)) throw badCursor();
      const from = cursor === undefined ? {} : { _id: { $lt: cursor } };
      const options = { sort: { _id: -1 as const }, limit: limit + 1 };
      const found = await link.retry(() => audit.find(from, options).toArray());
      const items = found.slice(0, limit).map(({ body }) => JSON.parse(body) as AuditEntry);
      const last = found.length > limit ? found[limit - 1] : undefined;
      return last ? { items, next: last._id } : { items };
    },
    prune: async retention => {
      await pruneEnded(retention.endedTasks);
      await pruneAudit(retention.audit);
    },
    beat: async ({ id, address }) => {
      const beat = async (): Promise<void> => {
        await members.updateOne({ _id: id }, { $set: { address }, $inc: { beat: 1 } }, { upsert: true });
      };
      // Two first beats at once may both try to insert: the second try finds it there.
      await link.retry(() => beat().catch(error => (isDuplicate(error) ? beat() : Promise.reject(error))));
      const all = await link.retry(() => members.find().toArray());
      return all.map(member => ({ id: member._id, address: member.address, beat: member.beat }));
    },
    leave: async id => {
      await link.retry(() => members.deleteOne({ _id: id }));
    },
  };
}
