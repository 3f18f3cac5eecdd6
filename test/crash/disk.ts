// A writer's disk: recorded, cut at a point, and read again by the store itself and by the server's own start.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { acsOptions } from '../../acs/config.ts';
import { start } from '../../acs/server/start.ts';
import { openSqlite } from '../../acs/store/sqlite/store.ts';
import type { Store } from '../../acs/store/store.ts';
import { type Random, systemClock } from '../../shared/clock.ts';
import { readOptions } from '../../shared/config.ts';
import { bytesOf } from '../support/contents.ts';
import { type DiskFact, numberOf } from '../support/powercut/facts.ts';
import { run } from '../support/servers/peers.ts';
import { type DiskRecord, parseRecording } from './recording.ts';
import { createDisk } from './replay.ts';

const support = (name: string): string => fileURLToPath(new URL(`../support/powercut/${name}`, import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Compiles the recorder into a folder. @returns its path */
export async function compileRecorder(folder: string): Promise<string> {
  const library = join(folder, 'record.so');
  const flags = ['-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC'];
  await run('gcc', [...flags, '-o', library, support('record.c'), '-ldl', '-lpthread']);
  return library;
}

export interface Recording {
  records: DiskRecord[];
  /** The folder that was recorded. */
  place: string;
}

/** Runs a writer on a new folder of its name below `folder`, to its end. */
export async function recordWriter(
  library: string,
  folder: string,
  name: 'writer' | 'careless' | 'exchange',
  rounds: number,
): Promise<Recording> {
  const place = join(folder, name);
  await mkdir(place);
  const log = join(folder, `${name}.log`);
  const recorded = { POWERCUT_FOLDER: place, POWERCUT_LOG: log, LD_PRELOAD: library, UV_USE_IO_URING: '0' };
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...env } = process.env;
  const args = ['--import', 'tsx', support(`${name}.ts`), place, String(rounds)];
  await run(process.execPath, args, { cwd: root, env: { ...env, ...recorded }, maxBuffer: 1 << 26 });
  return { records: parseRecording(await readFile(log)), place };
}

/** Cuts at seeded points: some anywhere, some just before a sync, where most is unwritten. */
export function cutPoints(records: readonly DiskRecord[], count: number, random: Random): number[] {
  const syncs = records.flatMap(({ op }, index) => (op === 'sync' || op === 'sync-directory' ? [index] : []));
  const points = Array.from({ length: count }, (_, number) => {
    if (number % 2 === 0) return random.int(1, records.length);
    const near = syncs[random.int(0, Math.max(0, syncs.length - 1))] ?? records.length;
    return Math.max(1, near - random.int(0, 2));
  });
  return points.sort((a, b) => a - b);
}

/** Rebuilds the folder as it is after a power cut at each point, and hands it over with the facts that were marked before. */
export async function eachCut<Fact = DiskFact>(
  { records, place }: Recording,
  points: readonly number[],
  random: Random,
  into: (point: number) => string,
  visit: (point: number, folder: string, facts: Fact[]) => Promise<void>,
): Promise<void> {
  const disk = createDisk();
  const facts: Fact[] = [];
  let done = 0;
  for (const [number, point] of points.entries()) {
    for (; done < point; done++) {
      const record = records[done]!;
      disk.run(record);
      if (record.op === 'mark') facts.push(JSON.parse(record.text) as Fact);
    }
    const folder = into(number);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const [path, bytes] of disk.cut(random)) {
      // The index of the log lives in shared memory: it never outlives the machine.
      if (path.endsWith('-shm') || path.endsWith('/marks')) continue;
      const target = join(folder, path.slice(place.length));
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await writeFile(target, bytes, { mode: 0o600 });
    }
    await visit(point, folder, facts);
  }
}

/** @returns marked facts that are not there, the reason why the store does not open, and the problems that SQLite finds in its file */
export async function lostOn(folder: string, facts: readonly DiskFact[]): Promise<string[]> {
  const lost: string[] = [];
  const file = join(folder, 'tandem.db');
  try {
    const store = await openSqlite({ file, clock: systemClock(), inThread: true });
    try {
      for (const fact of latest(facts)) if (!(await holds(fact, folder, store))) lost.push(JSON.stringify(fact));
    } finally {
      await store.close();
    }
    const db = new DatabaseSync(file);
    const found = db.prepare('PRAGMA integrity_check').all() as { integrity_check: string }[];
    db.close();
    for (const { integrity_check } of found) if (integrity_check !== 'ok') lost.push(integrity_check);
  } catch (error) {
    lost.push(`the store cannot be read: ${String(error)}`);
  }
  return lost;
}

/** The server starts on the folder, serves, and knows its devices. */
export async function startOn(folder: string): Promise<number> {
  const argv = [
    '--data',
    folder,
    '--cwmp',
    'http://127.0.0.1:0',
    '--api',
    'http://127.0.0.1:0',
    '--log-level',
    'error',
  ];
  const { values } = readOptions(acsOptions, { argv, env: {}, envPrefix: 'TANDEM_' });
  const { acs, adminToken } = await start(values, { pretty: false, write: () => undefined });
  try {
    const headers = { authorization: `Bearer ${adminToken}` };
    const answer = await fetch(`${acs.api}/api/v1/devices?limit=500`, { headers });
    return ((await answer.json()) as { items: unknown[] }).items.length;
  } finally {
    await acs.close();
  }
}

/** The newest mark of each thing: it is marked again whenever it grows. */
function latest(facts: readonly DiskFact[]): DiskFact[] {
  const name = (fact: DiskFact): string => ('name' in fact ? fact.name : 'id' in fact ? fact.id : '');
  return [...new Map(facts.map(fact => [`${fact.kind} ${name(fact)}`, fact])).values()];
}

const rank = ['queued', 'sent', 'waiting', 'cancelled', 'done'];

async function holds(fact: DiskFact, folder: string, store: Store): Promise<boolean> {
  switch (fact.kind) {
    case 'device':
      return ((await store.device(fact.id))?.fence ?? 0) >= fact.fence;
    case 'task': {
      const state = (await store.task(fact.id))?.state ?? '';
      return rank.indexOf(state) >= rank.indexOf(fact.state);
    }
    case 'parameters': {
      const known = new Map((await store.parameters(fact.id, 'Device.P.')).map(({ path, value }) => [path, value]));
      return fact.values.every((value, index) => known.get(`Device.P.${index}`) === value);
    }
    case 'document':
      return ((await store.document<number>('setting', fact.name))?.body ?? -1) >= fact.number;
    case 'file':
      return (numberOf((await bytesOf(store, fact.name)) ?? Buffer.alloc(0)) ?? -1) >= fact.number;
    case 'audit':
      return await inAudit(store, fact.id);
    case 'key':
      return (
        createHash('sha256')
          .update(await textIn(folder, 'server-key'))
          .digest('hex') === fact.sha
      );
    case 'ca':
      return (await textIn(folder, 'pki/ca.pem')) === fact.cert && (await textIn(folder, 'pki/ca.key')) !== '';
    case 'token':
      return (await textIn(folder, 'admin-token')).trim() === fact.token;
    case 'closing':
    case 'closed':
      return true;
  }
}

/** '' for a file that is not there. */
const textIn = (folder: string, name: string): Promise<string> =>
  readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });

const audited = new WeakMap<Store, Promise<Set<string>>>();

async function inAudit(store: Store, id: string): Promise<boolean> {
  const known = audited.get(store) ?? allAudited(store);
  audited.set(store, known);
  return (await known).has(id);
}

async function allAudited(store: Store): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let cursor: string | undefined; ; ) {
    const page = await store.audit({ limit: 1000, ...(cursor === undefined ? {} : { cursor }) });
    for (const { id } of page.items) ids.add(id);
    cursor = page.next;
    if (cursor === undefined) return ids;
  }
}
