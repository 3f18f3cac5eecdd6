// The queue of notices to webhooks in MongoDB: a document for each notice and each webhook that receives it. A process takes one by
// raising its number of attempts, so only one of several has it.
import { MAX_DEAD, MAX_WAITING_DELIVERIES } from '../delivery-limits.ts';
import type { Addressed } from '../notices.ts';
import type { Delivery, DeliveryOutcome, Notice } from '../records.ts';
import type { DeliveryCount, DeliveryQuery, TakeDeliveries } from '../store.ts';
import { jsonOf } from '../text-checks.ts';
import type { Collections, DeliveryDocument, StoredNotice } from './collections.ts';
import { textKey } from './devices/device-document.ts';
import type { Link } from './link.ts';

const BATCH = 500;
const newestFirst = { created: -1 as const, _id: -1 as const };

/** Notices as they lie in the outbox of the document whose change they report. */
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

export class Deliveries {
  readonly #link: Link;
  readonly #deliveries: Collections['deliveries'];

  constructor(link: Link, { deliveries }: Collections) {
    this.#link = link;
    this.#deliveries = deliveries;
  }

  /** Safe to be done twice: the same notice for the same webhook is one document. */
  async add(notices: readonly StoredNotice[]): Promise<void> {
    const writes = notices.flatMap(({ id, time, webhooks, body }) =>
      webhooks.map(webhook => {
        const document = { webhook, due: time, created: time, attempts: 0, dead: false, body };
        const update = { $setOnInsert: document };
        return { updateOne: { filter: { _id: `${textKey(id)}/${webhook}` }, update, upsert: true } };
      }),
    );
    if (writes.length > 0) await this.#link.retry(() => this.#deliveries.bulkWrite(writes, { ordered: false }));
  }

  async take({ webhook, now, leaseMs, limit }: TakeDeliveries): Promise<Delivery[]> {
    const query = { webhook, dead: false, due: { $lte: now } };
    const options = { sort: { due: 1 as const, _id: 1 as const }, limit };
    const found = await this.#link.retry(() => this.#deliveries.find(query, options).toArray());
    const taken: Delivery[] = [];
    for (const document of found) {
      const mine = { due: now + leaseMs, attempts: document.attempts + 1 };
      const same = { _id: document._id, attempts: document.attempts, dead: false };
      // After a lost answer the second try matches nothing, and the notice waits for its lease to end: late, not lost.
      const change = { $set: mine, $unset: { error: true as const } };
      const { matchedCount } = await this.#link.retry(() => this.#deliveries.updateOne(same, change));
      if (matchedCount === 1) taken.push(deliveryOf({ ...document, ...mine }));
    }
    return taken;
  }

  async settle(id: string, outcome: DeliveryOutcome): Promise<void> {
    if (outcome.state === 'delivered') await this.#link.retry(() => this.#deliveries.deleteOne({ _id: id }));
    else {
      const change = { due: outcome.due, dead: outcome.state === 'dead', error: outcome.error };
      await this.#link.retry(() => this.#deliveries.updateOne({ _id: id }, { $set: change }));
    }
  }

  /** A waiting delivery with an error is one that has failed: one that is taken has none. @returns how many are tried again at once */
  async revive(webhook: string, now: number): Promise<number> {
    const failed = { webhook, dead: false, due: { $gt: now }, error: { $exists: true } };
    const hasten = () => this.#deliveries.updateMany(failed, { $set: { due: now } });
    const { modifiedCount: waiting } = await this.#link.retry(hasten);
    const change = { $set: { dead: false, attempts: 0, due: now, created: now } };
    const revive = () => this.#deliveries.updateMany({ webhook, dead: true }, change);
    return waiting + (await this.#link.retry(revive)).modifiedCount;
  }

  async drop(webhook: string): Promise<void> {
    await this.#link.retry(() => this.#deliveries.deleteMany({ webhook }));
  }

  /** Bounds the queue of each webhook; dead ones go that were created before that time. */
  async bound(before: number): Promise<void> {
    for (const { webhook } of await this.counts()) await boundOne(this.#link, this.#deliveries, webhook);
    await this.#link.retry(() => this.#deliveries.deleteMany({ dead: true, created: { $lt: before } }));
  }

  async list({ webhook, dead, limit }: DeliveryQuery): Promise<Delivery[]> {
    const options = { sort: newestFirst, limit };
    const found = await this.#link.retry(() => this.#deliveries.find({ webhook, dead }, options).toArray());
    return found.map(deliveryOf);
  }

  counts(): Promise<DeliveryCount[]> {
    return countAll(this.#link, this.#deliveries);
  }
}

/** Makes those dead that wait beyond the bound, and deletes the dead beyond theirs. */
async function boundOne(link: Link, deliveries: Collections['deliveries'], webhook: string): Promise<void> {
  const beyond = async (dead: boolean, keep: number): Promise<string[]> => {
    const options = { sort: newestFirst, skip: keep, limit: BATCH, projection: { _id: 1 as const } };
    return (await link.retry(() => deliveries.find({ webhook, dead }, options).toArray())).map(({ _id }) => _id);
  };
  for (let found = BATCH; found === BATCH; ) {
    const ids = await beyond(false, MAX_WAITING_DELIVERIES);
    const change = { $set: { dead: true, error: 'too many were waiting' } };
    if (ids.length > 0) await link.retry(() => deliveries.updateMany({ _id: { $in: ids } }, change));
    found = ids.length;
  }
  for (let found = BATCH; found === BATCH; ) {
    const ids = await beyond(true, MAX_DEAD);
    if (ids.length > 0) await link.retry(() => deliveries.deleteMany({ _id: { $in: ids } }));
    found = ids.length;
  }
}

async function countAll(link: Link, deliveries: Collections['deliveries']): Promise<DeliveryCount[]> {
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
}
