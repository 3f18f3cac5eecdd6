// Searches over all stored devices: what an index answers, as an operator calls it by the API; and what only reading every device
// answers, while sessions go on.
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { interleaved, makeRow, median, percentile, type Row } from '../figures.ts';
import type { LoadReport } from '../load/requests.ts';
import { type Bench, loaded, type Setting } from '../measure.ts';
import type { AcsServer } from '../servers/servers.ts';
import { type ServerPair, withServerPair } from './sessions.ts';

const LIMIT = 50;
const REPEATS = 5;

/** Queries of the API, and the same in SQL over a bare table. */
const indexed: readonly { query: string; sql: string }[] = [
  { query: 'sort=id', sql: 'ORDER BY id' },
  { query: 'sort=-lastInform', sql: 'ORDER BY lastInform DESC' },
  { query: 'sort=firmware', sql: 'ORDER BY firmware' },
  { query: 'sort=-created', sql: 'ORDER BY lastInform DESC' },
  { query: 'filter=productClass = "C711"', sql: "WHERE class = 'C711' ORDER BY id" },
  { query: 'filter=serial = "00000042"', sql: "WHERE serial = '00000042'" },
  { query: 'filter=firmware < "49"', sql: "WHERE firmware < '49' ORDER BY id" },
  { query: 'filter=state = "enrolled"', sql: 'ORDER BY id' },
  { query: 'filter=tag = "pilot"', sql: 'WHERE pilot = 1 ORDER BY id' },
  { query: 'filter=lastInform > now - 1h&sort=-lastInform', sql: 'ORDER BY lastInform DESC' },
  {
    query: 'filter=productClass = "C711" and firmware >= "49"',
    sql: "WHERE class = 'C711' AND firmware >= '49' ORDER BY id",
  },
];

const path = (query: string): string =>
  `/devices?limit=${LIMIT}&${query
    .split('&')
    .map(part => `${part.split('=')[0]}=${encodeURIComponent(part.slice(part.indexOf('=') + 1))}`)
    .join('&')}`;

/** The same devices in one plain table with its indexes, in memory. */
function bareTable(devices: number): DatabaseSyncInstance {
  const db = new DatabaseSync(':memory:');
  db.exec(`CREATE TABLE d (id TEXT PRIMARY KEY, serial TEXT, class TEXT, firmware TEXT, lastInform REAL, pilot INTEGER, body TEXT);
    CREATE INDEX d_class ON d (class, id); CREATE INDEX d_serial ON d (serial); CREATE INDEX d_firmware ON d (firmware, id);
    CREATE INDEX d_inform ON d (lastInform); CREATE INDEX d_pilot ON d (pilot, id); BEGIN`);
  const put = db.prepare('INSERT INTO d VALUES (?, ?, ?, ?, ?, ?, ?)');
  const body = JSON.stringify({
    values: Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`Device.P${n}`, 'x'])),
  });
  for (let n = 0; n < devices; n++) {
    const serial = String(n).padStart(8, '0');
    put.run(
      serial,
      serial,
      n % 10 === 9 ? 'C711' : '4102S',
      n % 7 === 6 ? '48.5' : '49.2',
      n,
      Number(n % 50 === 0),
      body,
    );
  }
  db.exec('COMMIT');
  return db;
}

export const search: Bench = {
  about: 'indexed filters and sorts over all devices; an unindexed one while sessions go on',
  run: setting =>
    withServerPair(setting, async pair => [
      ...(await indexedRows(setting, pair)),
      ...(await unindexedRows(setting, pair)),
    ]),
};

async function indexedRows({ devices, rounds }: Setting, { ours }: ServerPair): Promise<Row[]> {
  const db = bareTable(devices);
  const rows: Row[] = [];
  for (const { query, sql } of indexed) {
    const bare = db.prepare(`SELECT body FROM d ${sql} LIMIT ${LIMIT}`);
    const [own = [], floor = []] = await interleaved(rounds, [
      () => timed(async () => await ours.api('GET', path(query))),
      () => timed(async () => (bare.all() as { body: string }[]).map(({ body }) => JSON.parse(body) as unknown)),
    ]);
    rows.push(
      makeRow({
        name: `GET /devices?limit=${LIMIT}&${query}`,
        unit: 'ms, wall clock',
        ours: own,
        floor,
        goal: { limit: 10, of: 'ours' },
        incumbent: 'full scan, seconds',
        note: 'floor: a plain table in memory, rows parsed, no HTTP',
      }),
    );
  }
  db.close();
  return rows;
}

async function timed(one: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < REPEATS; turn++) {
    const began = performance.now();
    await one();
    times.push(performance.now() - began);
  }
  return median(times);
}

/** A parameter that every device has, with a value that none has: all rows are read and parsed, nothing is found. */
const UNINDEXED = path('filter=Device.X_0090F8_Bench.Counter7 = "nothing" or address like "%x%"');

async function unindexedRows(setting: Setting, { ours, request }: ServerPair): Promise<Row[]> {
  const { servers, sessions } = setting;
  const perSecond = Math.min(150, Math.max(50, sessions / 3));
  const { settings, devices } = request(ours);
  const arrivals = (seed: number): Promise<LoadReport> =>
    loaded(servers, { kind: 'open', settings, devices, sessions: Math.ceil(perSecond * 3), perSecond, seed });
  const scans: number[] = [];
  const quiet: number[] = [];
  const busy: number[] = [];
  for (let round = 0; round < Math.min(3, setting.rounds); round++) {
    quiet.push(percentile((await arrivals(round)).times, 0.99));
    busy.push(percentile((await besides(ours, scans, () => arrivals(round))).times, 0.99));
  }
  const note = `${Math.round(perSecond)} sessions/s; p99 ${median(busy).toFixed(1)} ms with, ${median(quiet).toFixed(1)} ms without; one search after the other, each ${median(scans).toFixed(0)} ms`;
  return [
    makeRow({
      name: 'what an unindexed filter over all devices adds to the p99 of sessions',
      unit: 'ms',
      ours: busy.map((with_, round) => Math.max(0, with_ - (quiet[round] ?? 0))),
      goal: { limit: 20, of: 'ours' },
      incumbent: 'full scan in the same database',
      note,
    }),
  ];
}

/** Runs `work` while one unindexed search follows the other. */
async function besides<T>(server: AcsServer, scans: number[], work: () => Promise<T>): Promise<T> {
  let over = false;
  const searching = (async () => {
    while (!over) {
      const began = performance.now();
      await server.api('GET', UNINDEXED);
      scans.push(performance.now() - began);
    }
  })();
  try {
    return await work();
  } finally {
    over = true;
    await searching;
  }
}
