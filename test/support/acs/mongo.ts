// A MongoDB for tests: the one that TANDEM_TEST_MONGO names, else the lab's server, started when it is first asked for, on a free port,
// so that runs beside each other never meet. One server serves a whole run; each test has a database of its own in it.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { eventually } from '../eventually.ts';
import { type Needs, peersFolder, run } from '../servers/peers.ts';

const given = process.env.TANDEM_TEST_MONGO;

/** Needs of the lab's own server, which can be stopped and started; a given one cannot. */
export const labMongoNeeds: Needs = { lab: true, programs: ['java', 'javac', 'mvn'] };
export const mongoNeeds: Needs = given ? {} : labMongoNeeds;

/** The first run fetches the server's libraries. */
export const MONGO_START_MS = 240_000;

/** As `lab start mongo` leaves it with this LAB, so that either finds what the other has fetched. */
const built = join(tmpdir(), 'tandem-lab-mongo', 'mongo');

async function build(): Promise<void> {
  if (existsSync(join(built, 'lib')) && existsSync(join(built, 'DurableLab.class'))) return;
  const sources = join(peersFolder, 'mongo');
  const folder = await mkdtemp(join(tmpdir(), 'tandem-mongo-build-'));
  const lib = join(folder, 'lib');
  await run('mvn', ['-q', '-f', join(sources, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${lib}`]);
  const programs = ['Lab.java', 'DurableLab.java'].map(name => join(sources, name));
  await run('javac', ['-cp', join(lib, '*'), '-d', folder, ...programs]);
  await mkdir(join(built, '..'), { recursive: true });
  await rename(folder, built).catch(async () => {
    // Another run was quicker, or an older one built less.
    for (const name of await readdir(folder))
      await rename(join(folder, name), join(built, name)).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  });
}

export interface MongoServer {
  port: number;
  pid: number;
  /** @param database a fresh one unless named */
  url(database?: string): string;
  stop(): Promise<void>;
  /** SIGKILL: sent before this returns; resolves when the process is gone. */
  kill(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

const answers = (port: number): Promise<true | undefined> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(undefined));
    socket.once('connect', () => socket.end());
  });

const freshName = (): string => `tandem-${randomBytes(6).toString('hex')}`;
const running = new Set<ChildProcess>();

export interface MongoPlace {
  /** Absent: in memory. */
  file?: string;
  /** Where it was before; absent: a free one. */
  port?: number;
  /** Every answer is in the file before it is sent, so that a kill loses nothing. */
  durable?: boolean;
  /** Default: 512. */
  heapMb?: number;
}

/** A server of one's own. */
export async function startMongo(at: MongoPlace = {}): Promise<MongoServer> {
  await build();
  const port = at.port ?? (await freePort());
  const words = [
    `-Xmx${at.heapMb ?? 512}m`,
    '-cp',
    [join(built, 'lib', '*'), built].join(delimiter),
    at.durable ? 'DurableLab' : 'Lab',
  ];
  const child = spawn('java', [...words, String(port), ...(at.file ? [at.file] : [])], { stdio: 'ignore' });
  running.add(child);
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  void ended.then(() => running.delete(child));
  await eventually('the MongoDB of the lab', () => answers(port), 30_000, 100);
  return {
    port,
    pid: child.pid ?? 0,
    url: (database = freshName()) => `mongodb://127.0.0.1:${port}/${database}`,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

let shared: Promise<MongoServer> | undefined;

// A process that plays one file after the other keeps its server until it exits.
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/** URL of an unused database on the server of the run. */
export async function freshMongo(): Promise<string> {
  if (given) {
    const url = new URL(given);
    url.pathname = freshName();
    return url.href;
  }
  shared ??= startMongo();
  return (await shared).url();
}

/** Forgets a database. */
export async function dropMongo(url: string): Promise<void> {
  // Not for every run of any test.
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(url);
  try {
    await client.db().dropDatabase();
  } finally {
    await client.close();
  }
}

/** Ends what was started here, after the last test; a later test starts another server. */
export async function endMongo(): Promise<void> {
  shared = undefined;
  for (const child of running) {
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}
