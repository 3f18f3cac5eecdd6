// Searches over all stored devices: what an index answers, as an operator calls it by the API; and what only reading every device
// answers, while sessions go on.
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { onFirstNode, type Sides, withSides } from '../../contest.ts';
import { interleaved, makeRow, median, type Row } from '../../figures.ts';
import type { Bench, Setting } from '../../measure.ts';
import type { AcsServer } from '../../servers/servers.ts';
import { addedRow, paceOf, repeatedBeside } from '../beside.ts';

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
  run: given => {
    const setting = onFirstNode(given);
    return withSides(setting, async sides => [
      ...(await indexedRows(setting, sides.first.ours)),
      await unindexedRow(setting, sides),
    ]);
  },
};

async function indexedRows({ devices, rounds }: Setting, ours: AcsServer): Promise<Row[]> {
  const db = bareTable(devices);
  const rows: Row[] = [];
  for (const { query, sql } of indexed) {
    const bare = db.prepare(`SELECT body FROM d ${sql} LIMIT ${LIMIT}`);
    const parsed = (): unknown[] => (bare.all() as { body: string }[]).map(({ body }) => JSON.parse(body) as unknown);
    await findsAsMany(ours, query, parsed().length);
    const [own = [], floor = []] = await interleaved(rounds, [
      () => timed(async () => await ours.api('GET', path(query))),
      () => timed(async () => parsed()),
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

/** @throws Error when the ACS finds another number of devices than the plain table, so that the two would not be compared */
async function findsAsMany(server: AcsServer, query: string, count: number): Promise<void> {
  const { items } = (await server.api('GET', path(query))) as { items: unknown[] };
  if (items.length !== count) throw new Error(`${query}: ${items.length} devices found, not ${count}`);
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

async function unindexedRow(setting: Setting, sides: Sides): Promise<Row> {
  const { ours } = sides.first;
  const pace = paceOf(setting, sides.first, sides);
  const { quiet, busy, took } = await repeatedBeside(setting, pace, async () => await findsNone(ours));
  return addedRow({
    name: 'what an unindexed filter over all devices adds to the p99 of sessions',
    ...{ pace, quiet, busy },
    incumbent: 'full scan in the same database',
    note: `one search after the other, each ${median(took).toFixed(0)} ms`,
  });
}

async function findsNone(server: AcsServer): Promise<void> {
  const { items } = (await server.api('GET', UNINDEXED)) as { items: unknown[] };
  if (items.length > 0) throw new Error(`${items.length} devices found where none fits`);
}
