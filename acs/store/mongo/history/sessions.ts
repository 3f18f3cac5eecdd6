// The records of sessions in MongoDB: a document each, on the tree of the device. Its key is its place, so that one written twice is one.
import {
  MAX_SESSIONS,
  packedSession,
  type SessionRecord,
  type SessionsQuery,
  unpackedSession,
} from '../../session-record.ts';
import { jsonOf } from '../../text-checks.ts';
import type { Collections } from '../collections.ts';
import { orderKey } from '../devices/device-document.ts';
import type { Link } from '../link.ts';
import { AppendCounts } from './append-counts.ts';

/** Records that a device may have beyond the bound before the oldest are looked for. */
const BEYOND = 10;

const claimText = (claim: number): string => String(claim).padStart(16, '0');
const keyOf = (tree: string, started: number, claim: number): string =>
  `${tree}/${orderKey(started, claimText(claim))}`;

export class SessionHistory {
  readonly #link: Link;
  readonly #collections: Pick<Collections, 'deviceSessions'>;
  readonly #counts = new AppendCounts(BEYOND);

  constructor(link: Link, collections: Collections) {
    this.#link = link;
    this.#collections = collections;
  }

  async add(records: readonly { tree: string; record: SessionRecord }[]): Promise<void> {
    if (records.length === 0) return;
    const { deviceSessions } = this.#collections;
    const writes = records.map(({ tree, record }) => ({
      replaceOne: {
        filter: { _id: keyOf(tree, record.started, record.claim) },
        replacement: { started: record.started, claim: record.claim, body: jsonOf(packedSession(record)) },
        upsert: true,
      },
    }));
    await this.#link.retry(() => deviceSessions.bulkWrite(writes, { ordered: false }));
    for (const tree of this.#counts.grown(records.map(({ tree }) => tree))) await this.#trim(tree);
  }

  /** The newest first. */
  async of(tree: string, { limit, before }: SessionsQuery): Promise<SessionRecord[]> {
    const to = before ? keyOf(tree, before.started, before.claim) : `${tree}0`;
    const options = { sort: { _id: -1 as const }, limit };
    const found = await this.#link.retry(() =>
      this.#collections.deviceSessions.find({ _id: { $gte: `${tree}/`, $lt: to } }, options).toArray(),
    );
    return found.map(({ started, claim, body }) => unpackedSession({ started, claim }, body));
  }

  async #trim(tree: string): Promise<void> {
    const { deviceSessions } = this.#collections;
    const options = {
      sort: { _id: -1 as const },
      skip: MAX_SESSIONS - BEYOND,
      limit: 1,
      projection: { _id: 1 as const },
    };
    const bounds = { $gte: `${tree}/`, $lt: `${tree}0` };
    const [last] = await this.#link.retry(() => deviceSessions.find({ _id: bounds }, options).toArray());
    if (last) await this.#link.retry(() => deviceSessions.deleteMany({ _id: { $gte: `${tree}/`, $lte: last._id } }));
  }
}
