// The queue of notices to webhooks in MongoDB: a document for each notice and each webhook that is to have it. Who takes one says so by
// the number of attempts, so of several processes one has it.
import { MAX_DEAD, MAX_WAITING_DELIVERIES } from '../delivery-limits.ts';
import type { Addressed } from '../notices.ts';
import type { Delivery, DeliveryOutcome, Notice } from '../records.ts';
import type { DeliveryCount, DeliveryQuery, TakeDeliveries } from '../store.ts';
import { jsonOf } from '../text-checks.ts';
import { type Collections, type DeliveryDocument, type StoredNotice, unlessThere } from './collections.ts';
import { textKey } from './device-document.ts';
import type { Link } from './link.ts';

export interface Deliveries {
  /** Safe to be done twice: the same notice for the same webhook is one document. */
  add(notices: readonly StoredNotice[]): Promise<void>;
  take(query: TakeDeliveries): Promise<Delivery[]>;
  settle(id: string, outcome: DeliveryOutcome): Promise<void>;
  revive(webhook: string, now: number): Promise<number>;
  drop(webhook: string): Promise<void>;
  bound(before: number): Promise<void>;
  list(query: DeliveryQuery): Promise<Delivery[]>;
  counts(): Promise<DeliveryCount[]>;
}

const BATCH = 500;

/** As it lies in the outbox of the document whose change it tells of. */
export const storedNotices = (addressed: readonly Addressed[]): StoredNotice[] =>
  addressed.map(({ notice: { to: _to, ...notice }, webhooks }) => ({
    id: notice.id,
    time: notice.time,
    webhooks,
    body: jsonOf(notice),
  }));

const deliveryOf = ({ _id, webhook, due, created, attempts, dead, error, body }: DeliveryDocument): Delivery => ({
  id: _id,
  webhook,
  due,
  created,
  attempts,
  dead,
  ...(error === undefined ? {} : { error }),
  notice: JSON.parse(body) as Notice,
});

export function createDeliveries(link: Link, { deliveries }: Collections): Deliveries {
  const newest = { created: -1 as const, _id: -1 as const };
  /** Ids of those of a webhook beyond the newest so many. */
  const beyond = async (webhook: string, dead: boolean, keep: number): Promise<string[]> => {
    const options = { sort: newest, skip: keep, limit: BATCH, projection: { _id: 1 as const } };
    return (await link.retry(() => deliveries.find({ webhook, dead }, options).toArray())).map(({ _id }) => _id);
  };
  const boundOne = async (webhook: string): Promise<void> => {
    for (let found = BATCH; found === BATCH; ) {
      const ids = await beyond(webhook, false, MAX_WAITING_DELIVERIES);
      const change = { $set: { dead: true, error: 'too many were waiting' } };
      if (ids.length > 0) await link.retry(() => deliveries.updateMany({ _id: { $in: ids } }, change));
      found = ids.length;
    }
    for (let found = BATCH; found === BATCH; ) {
      const ids = await beyond(webhook, true, MAX_DEAD);
      if (ids.length > 0) await link.retry(() => deliveries.deleteMany({ _id: { $in: ids } }));
      found = ids.length;
    }
  };
  const counts = async (): Promise<DeliveryCount[]> => {
    const pipeline = [
      { $group: { _id: { webhook: '$webhook', dead: '$dead' }, n: { $sum: 1 }, next: { $min: '$due' } } },
    ];
    const found = await link.retry(() =>
      deliveries.aggregate<{ _id: { webhook: string; dead: boolean }; n: number; next: number }>(pipeline).toArray(),
    );
    const of = (webhook: string, dead: boolean) =>
      found.find(({ _id }) => _id.webhook === webhook && _id.dead === dead) ?? { n: 0 };
    return [...new Set(found.map(({ _id }) => _id.webhook))].sort().map(webhook => {
      const waiting: { n: number; next?: number } = of(webhook, false);
      const next = waiting.next === undefined ? {} : { next: waiting.next };
      return { webhook, waiting: waiting.n, dead: of(webhook, true).n, ...next };
    });
  };

  return {
    add: async notices => {
      for (const { id, time, webhooks, body } of notices)
        for (const webhook of webhooks) {
          const document = {
            _id: `${textKey(id)}/${webhook}`,
            webhook,
            due: time,
            created: time,
            attempts: 0,
            dead: false,
            body,
          };
          await link.retry(() => unlessThere(deliveries.insertOne(document)));
        }
    },
    take: async ({ webhook, now, leaseMs, limit }) => {
      const options = { sort: { due: 1 as const, _id: 1 as const }, limit };
      const found = await link.retry(() =>
        deliveries.find({ webhook, dead: false, due: { $lte: now } }, options).toArray(),
      );
      const taken: Delivery[] = [];
      for (const document of found) {
        const mine = { due: now + leaseMs, attempts: document.attempts + 1 };
        const same = { _id: document._id, attempts: document.attempts, dead: false };
        // After a lost answer the second try matches nothing, and the notice waits for its lease to end: late, not lost.
        const { matchedCount } = await link.retry(() => deliveries.updateOne(same, { $set: mine }));
        if (matchedCount === 1) taken.push(deliveryOf({ ...document, ...mine }));
      }
      return taken;
    },
    settle: async (id, outcome) => {
      if (outcome.state === 'delivered') await link.retry(() => deliveries.deleteOne({ _id: id }));
      else {
        const change = { due: outcome.due, dead: outcome.state === 'dead', error: outcome.error };
        await link.retry(() => deliveries.updateOne({ _id: id }, { $set: change }));
      }
    },
    revive: async (webhook, now) => {
      const change = { $set: { dead: false, attempts: 0, due: now, created: now } };
      return (await link.retry(() => deliveries.updateMany({ webhook, dead: true }, change))).modifiedCount;
    },
    drop: async webhook => {
      await link.retry(() => deliveries.deleteMany({ webhook }));
    },
    bound: async before => {
      for (const { webhook } of await counts()) await boundOne(webhook);
      await link.retry(() => deliveries.deleteMany({ dead: true, created: { $lt: before } }));
    },
    list: async ({ webhook, dead, limit }) => {
      const found = await link.retry(() => deliveries.find({ webhook, dead }, { sort: newest, limit }).toArray());
      return found.map(deliveryOf);
    },
    counts,
  };
}
