// Lists of all devices as an operator reads them: how many there are, by which values, the first page, and all of them as CSV.
import { onFirstNode, withSides } from '../../contest.ts';
import { makeRow, percentile, type Row } from '../../figures.ts';
import type { Bench, Setting } from '../../measure.ts';
import { residentMb } from '../../servers/process-cost.ts';
import type { AcsServer } from '../../servers/servers.ts';
import { addedRow, paceOf, repeatedBeside } from '../beside.ts';

const CALLS = 20;
const GOAL_MS = 50;
const CSV_GOAL_S = 20;

interface Facets {
  total: number;
  facets: Record<string, { values: { value: string; count: number }[]; others: number; missing: number }>;
}

/** A call of the API, with the number of devices that its answer must tell. */
interface Case {
  query: string;
  /** Of how many devices, by their numbers. */
  fits: (number: number) => boolean;
}

const every = (): boolean => true;
const counts: readonly Case[] = [
  { query: 'count=true', fits: every },
  { query: 'count=true&filter=productClass = "C711"', fits: number => number % 10 === 9 },
  { query: 'count=true&filter=tag = "pilot"', fits: number => number % 50 === 0 },
  { query: 'count=true&filter=site.region = "R3"', fits: number => number % 7 === 3 },
  { query: 'count=true&filter=not drift and tasks = 0', fits: every },
  { query: 'count=true&filter=search "R3"', fits: number => number % 7 === 3 },
  { query: 'count=true&sort=site.region&fields=serial,site.region,firmware', fits: every },
];

/** Facets, each with the number of devices that have a value. */
const facets: readonly { by: string; filter?: string; has: (number: number) => boolean }[] = [
  { by: 'firmware', has: every },
  { by: 'productClass', has: every },
  { by: 'tag', has: number => number % 50 === 0 },
  { by: 'site.region', has: every },
  { by: 'fault', has: () => false },
  { by: 'liveness', has: every },
  { by: 'site.region', filter: 'state = "enrolled"', has: every },
];

export const lists: Bench = {
  about: 'counts, facets and first pages over all devices, all of them as CSV',
  run: given => {
    const setting = onFirstNode(given);
    return withSides(setting, async sides => {
      const { ours } = sides.first;
      const rows: Row[] = [];
      for (const about of counts) rows.push(await countRow(setting, ours, about));
      for (const about of facets) rows.push(await facetRow(setting, ours, about));
      rows.push(await csvRow(setting, ours));
      const pace = paceOf(setting, sides.first, sides);
      const work = async (): Promise<unknown> =>
        await ours.api('GET', '/devices/facets?by=firmware,site.region,tag,fault');
      const { quiet, busy } = await repeatedBeside(setting, pace, work);
      rows.push(addedRow({ name: 'what facets over all devices add to the p99 of sessions', pace, quiet, busy }));
      return rows;
    });
  },
};

const encoded = (query: string): string =>
  query
    .split('&')
    .map(part => `${part.slice(0, part.indexOf('='))}=${encodeURIComponent(part.slice(part.indexOf('=') + 1))}`)
    .join('&');

const numberOf = (devices: number, fits: (number: number) => boolean): number =>
  Array.from({ length: devices }, (_, number) => number).filter(fits).length;

/** @throws Error where the answer tells another number than is true */
async function countRow({ devices, rounds }: Setting, ours: AcsServer, { query, fits }: Case): Promise<Row> {
  const path = `/devices?limit=100&${encoded(query)}`;
  const expected = numberOf(devices, fits);
  const { total, items } = (await ours.api('GET', path)) as { total: number; items: unknown[] };
  if (total !== expected || items.length !== Math.min(100, expected))
    throw new Error(`${query}: ${total} devices counted and ${items.length} listed, not ${expected}`);
  return await timedRow(rounds, ours, path, `GET /devices?limit=100&${query}`);
}

/** @throws Error where the sums are not those of the devices */
async function facetRow({ devices, rounds }: Setting, ours: AcsServer, about: (typeof facets)[number]): Promise<Row> {
  const { by, filter, has } = about;
  const query = filter === undefined ? `by=${by}` : `by=${by}&filter=${filter}`;
  const answer = (await ours.api('GET', `/devices/facets?${encoded(query)}`)) as Facets;
  const facet = answer.facets[by];
  const sum = (facet?.values ?? []).reduce((all, { count }) => all + count, facet?.others ?? 0);
  const expected = numberOf(devices, has);
  if (answer.total !== devices || sum !== expected || facet?.missing !== devices - expected)
    throw new Error(`${query}: ${sum} of ${answer.total} devices have a value, not ${expected} of ${devices}`);
  return await timedRow(rounds, ours, `/devices/facets?${encoded(query)}`, `GET /devices/facets?${query}`);
}

async function timedRow(rounds: number, ours: AcsServer, path: string, name: string): Promise<Row> {
  const slowest: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const times: number[] = [];
    for (let call = 0; call < CALLS; call++) {
      const began = performance.now();
      await ours.api('GET', path);
      times.push(performance.now() - began);
    }
    slowest.push(percentile(times, 0.95));
  }
  return makeRow({ name, unit: 'ms, wall clock, p95', ours: slowest, goal: { limit: GOAL_MS, of: 'ours' } });
}

/** @throws Error where lines are missing */
async function csvRow({ devices, rounds }: Setting, ours: AcsServer): Promise<Row> {
  const seconds: number[] = [];
  const before = residentMb(ours.pid);
  let most = before;
  for (let round = 0; round < Math.min(3, rounds); round++) {
    const began = performance.now();
    let lines = 0;
    for await (const part of ours.stream('/devices?format=csv')) {
      lines += part.toString('latin1').split('\n').length - 1;
      most = Math.max(most, residentMb(ours.pid));
    }
    seconds.push((performance.now() - began) / 1000);
    if (lines !== devices + 1) throw new Error(`${lines} lines were exported of ${devices} devices`);
  }
  return makeRow({
    name: `all ${devices} devices as CSV, by one call`,
    unit: 's, wall clock',
    ours: seconds,
    goal: { limit: CSV_GOAL_S, of: 'ours' },
    note: `the process grew from ${Math.round(before)} to ${Math.round(most)} MB resident meanwhile`,
  });
}
