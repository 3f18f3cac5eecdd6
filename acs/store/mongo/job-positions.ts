// The positions of devices in jobs in MongoDB: one document each.
import {
  type JobCount,
  type JobPosition,
  type JobPositionBody,
  type JobPositionQuery,
  type JobPositionStore,
  type JobReason,
  type JobState,
  MAX_EXAMPLES,
} from '../job-positions.ts';
import { pageOf } from '../paging.ts';
import { jsonOf } from '../text-checks.ts';
import type { Collections, JobPositionDocument } from './collections.ts';
import { textKey } from './devices/device-document.ts';
import type { Link } from './link.ts';

const keyOf = ({ job, device }: Pick<JobPosition, 'job' | 'device'>): string => `${textKey(job)}/${textKey(device)}`;

const positionOf = ({ _id, op: _op, body, ...columns }: JobPositionDocument): JobPosition => ({
  ...columns,
  body: JSON.parse(body) as JobPositionBody,
});

class JobWrites {
  readonly #link: Link;
  readonly #positions: Collections['jobPositions'];

  constructor(link: Link, { jobPositions }: Collections) {
    this.#link = link;
    this.#positions = jobPositions;
  }

  async addJobPositions(positions: readonly JobPosition[]): Promise<void> {
    const op = this.#link.newId();
    const writes = positions.map(position => ({
      updateOne: {
        filter: { _id: keyOf(position) },
        update: { $setOnInsert: { ...position, body: jsonOf(position.body), op } },
        upsert: true,
      },
    }));
    if (writes.length > 0) await this.#link.retry(() => this.#positions.bulkWrite(writes, { ordered: false }));
  }

  /** After a lost answer the second try matches nothing: the mark of this call in the documents tells what was done. */
  async moveJobPositions(positions: readonly JobPosition[]): Promise<boolean[]> {
    if (positions.length === 0) return [];
    const op = this.#link.newId();
    const writes = positions.map(position => {
      const { state, zone, wave, due, version, code } = position;
      const change = { state, zone, wave, due, version, code, body: jsonOf(position.body), op };
      return { updateOne: { filter: { _id: keyOf(position), version: version - 1 }, update: { $set: change } } };
    });
    const { matchedCount } = await this.#link.retry(() => this.#positions.bulkWrite(writes, { ordered: false }));
    if (matchedCount === positions.length) return positions.map(() => true);
    const query = { _id: { $in: positions.map(keyOf) }, op };
    const moved = await this.#link.retry(() => this.#positions.find(query, { projection: { _id: 1 } }).toArray());
    const keys = new Set(moved.map(({ _id }) => _id));
    return positions.map(position => keys.has(keyOf(position)));
  }

  async deleteJobPositions(job: string): Promise<void> {
    await this.#link.retry(() => this.#positions.deleteMany({ job }));
  }
}

class JobReads {
  readonly #link: Link;
  readonly #positions: Collections['jobPositions'];

  constructor(link: Link, { jobPositions }: Collections) {
    this.#link = link;
    this.#positions = jobPositions;
  }

  async jobPosition(job: string, device: string): Promise<JobPosition | undefined> {
    const found = await this.#link.retry(() => this.#positions.findOne({ _id: keyOf({ job, device }) }));
    return found ? positionOf(found) : undefined;
  }

  async jobMembers(job: string, devices: readonly string[]): Promise<string[]> {
    const query = { _id: { $in: devices.map(device => keyOf({ job, device })) } };
    const options = { projection: { device: 1 as const } };
    const found = await this.#link.retry(() => this.#positions.find(query, options).toArray());
    return found.map(({ device }) => device);
  }

  async jobPositions({ job, state, wave, code, limit: wanted, cursor }: JobPositionQuery): Promise<{
    items: JobPosition[];
    next?: string;
  }> {
    const limit = pageOf(wanted);
    const given = Object.entries({ state, wave, code }).filter(([, value]) => value !== undefined);
    const after = cursor === undefined ? {} : { device: { $gt: cursor } };
    const found = await this.#find({ job, ...after, ...Object.fromEntries(given) }, { device: 1 }, limit + 1);
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return last ? { items, next: last.device } : { items };
  }

  async jobTurns({ job, zone, wave, limit }: Parameters<JobPositionStore['jobTurns']>[0]): Promise<JobPosition[]> {
    const query = { job, state: 'planned' as const, zone, wave: { $lte: wave } };
    return await this.#find(query, { wave: 1, device: 1 }, pageOf(limit));
  }

  async jobDue(job: string, now: number, limit: number): Promise<JobPosition[]> {
    return await this.#find({ job, due: { $gt: 0, $lte: now } }, { due: 1 }, pageOf(limit));
  }

  async nextJobDue(after: number): Promise<number | undefined> {
    const [first] = await this.#find({ due: { $gt: Math.max(0, after) } }, { due: 1 }, 1);
    return first?.due;
  }

  async jobAway(device: string): Promise<JobPosition[]> {
    return await this.#find({ device, state: 'away' }, { job: 1 }, 1000);
  }

  async jobCounts(job: string): Promise<JobCount[]> {
    const pipeline = [{ $match: { job } }, { $group: { _id: { state: '$state', wave: '$wave' }, count: { $sum: 1 } } }];
    const found = await this.#link.retry(() =>
      this.#positions.aggregate<{ _id: { state: JobState; wave: number }; count: number }>(pipeline).toArray(),
    );
    return found.map(({ _id: { state, wave }, count }) => ({ state, wave, count }));
  }

  readonly jobReasons = (job: string): Promise<JobReason[]> =>
    reasonsOf(this.#link, this.#positions, job, query => this.jobPositions(query));

  async #find(query: object, sort: Record<string, 1>, limit: number): Promise<JobPosition[]> {
    const found = await this.#link.retry(() => this.#positions.find(query, { sort, limit }).toArray());
    return found.map(positionOf);
  }
}

async function reasonsOf(
  link: Link,
  positions: Collections['jobPositions'],
  job: string,
  read: JobPositionStore['jobPositions'],
): Promise<JobReason[]> {
  const pipeline = [
    { $match: { job, code: { $gt: '' } } },
    { $group: { _id: { state: '$state', code: '$code' }, count: { $sum: 1 } } },
  ];
  const found = await link.retry(() =>
    positions.aggregate<{ _id: { state: JobState; code: string }; count: number }>(pipeline).toArray(),
  );
  const reasons: JobReason[] = [];
  for (const {
    _id: { state, code },
    count,
  } of found) {
    const { items } = await read({ job, state, code, limit: MAX_EXAMPLES });
    reasons.push({ state, code, count, examples: items.map(({ device }) => device) });
  }
  return reasons.sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : a.state < b.state ? -1 : 1));
}

/** @returns the part of the store, each call in flight until it settles */
export function jobStore(link: Link, collections: Collections): JobPositionStore {
  const writes = new JobWrites(link, collections);
  const reads = new JobReads(link, collections);
  return {
    addJobPositions: added => link.run(() => writes.addJobPositions(added)),
    moveJobPositions: moved => link.run(() => writes.moveJobPositions(moved)),
    jobPosition: (job, device) => link.run(() => reads.jobPosition(job, device)),
    jobMembers: (job, devices) => link.run(() => reads.jobMembers(job, devices)),
    jobPositions: query => link.run(() => reads.jobPositions(query)),
    jobTurns: query => link.run(() => reads.jobTurns(query)),
    jobDue: (job, now, limit) => link.run(() => reads.jobDue(job, now, limit)),
    nextJobDue: after => link.run(() => reads.nextJobDue(after)),
    jobAway: device => link.run(() => reads.jobAway(device)),
    jobCounts: job => link.run(() => reads.jobCounts(job)),
    jobReasons: job => link.run(() => reads.jobReasons(job)),
    deleteJobPositions: job => link.run(() => writes.deleteJobPositions(job)),
  };
}
