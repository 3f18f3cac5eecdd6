// The servers of a bench: the ACS and its floors as processes of their own, the load beside them.
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadReport, LoadRequest } from '../load/requests.ts';
import type { NodeBinary } from '../nodes.ts';
import type { Seen } from '../work.ts';
import { buildInto, builtFile } from './build.ts';
import { acsProcess, answerOf, callApi, forked, isRunning, type Program, readyOf, stopped, TOKEN } from './children.ts';
import { type FloorParts, type FloorSetup, floorParts } from './floor/parts.ts';
import { FilledStores, type Stored } from './stores.ts';

export interface Server {
  pid: number;
  port: number;
  /** Its own totals. */
  seen(): Promise<Seen>;
  stop(): Promise<void>;
}

export interface AcsServer extends Server {
  /** Address of its API and pages, without a slash at its end. */
  base: string;
  /** One API call. @throws Error for anything but a 2xx */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  /** The answer of a GET as it arrives. @throws Error for anything but a 2xx */
  stream(path: string): AsyncIterable<Buffer>;
  /** Stores a file. @throws Error for anything but a 2xx */
  upload(path: string, content: Uint8Array): Promise<void>;
  metrics(): Promise<string>;
  /** Megabytes that the main thread holds after a collection. */
  heap(): Promise<number>;
}

/** Sessions and requests, from the metrics of the ACS. */
export function seenIn(metrics: string): Seen {
  const sum = (line: RegExp): number =>
    [...metrics.matchAll(line)].reduce((total, found) => total + Number(found[1] ?? 0), 0);
  return {
    sessions: sum(/^acs_sessions_total\{outcome="ok"\} (\d+)/gm),
    rpcs: sum(/^acs_rpcs_total\{[^}]*direction="to-cpe"[^}]*\} (\d+)/gm),
  };
}

/** Megabytes that a process with report-memory.ts holds after a collection. */
export async function heapMb(child: ChildProcess): Promise<number> {
  const { heapUsed, external } = await answerOf<NodeJS.MemoryUsage>(child, 'collect');
  return (heapUsed + external) / 1024 ** 2;
}

/** The Node that an ACS is started on, and a program in place of its own. */
export interface AcsStart {
  node?: NodeBinary | undefined;
  program?: Program;
}

const running: NodeBinary = { path: process.execPath, version: process.versions.node };

export class BenchServers {
  readonly folder: string;
  readonly tree: string;
  readonly stores: FilledStores;
  /** The profiles of servers that start from now on go there; undefined: none are made. */
  profile: string | undefined;
  readonly #started: ChildProcess[] = [];
  readonly #loaders = new Map<string, ChildProcess>();
  #sequence = 0;

  private constructor(folder: string, tree: string) {
    this.folder = folder;
    this.tree = tree;
    this.stores = new FilledStores(folder);
  }

  static async open(): Promise<BenchServers> {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-bench-'));
    return new BenchServers(folder, await buildInto(folder));
  }

  /** @param lane each lane is a process, which carries out one request at a time */
  async load(request: LoadRequest, lane = 'main'): Promise<LoadReport> {
    const loader =
      this.#loaders.get(lane) ?? this.#start(forked(builtFile(this.tree, 'test/bench/load/load'), running));
    this.#loaders.set(lane, loader);
    return await answerOf<LoadReport>(loader, request);
  }

  async floor(
    setup: Pick<FloorSetup, 'devices' | 'tls'>,
    parts: FloorParts = floorParts,
    node = running,
  ): Promise<Server> {
    const child = this.#start(forked(builtFile(this.tree, 'test/bench/servers/floor/main'), node));
    const file = join(this.folder, `floor${++this.#sequence}.db`);
    const { port } = await answerOf<{ port: number }>(child, { ...setup, ...parts, file });
    return {
      pid: child.pid ?? 0,
      port,
      seen: async () => await answerOf<Seen>(child, 'seen'),
      stop: () => stopped(child),
    };
  }

  /** The ACS on a store of its own that is filled already. `args` come on top of what every bench needs. */
  async acs(stored: Stored, args: readonly string[], start: AcsStart = {}): Promise<AcsServer> {
    const { directory } = await this.stores.copy(stored);
    return await this.acsOn(directory, args, start);
  }

  /** The ACS on a data directory that is there. */
  async acsOn(
    directory: string,
    args: readonly string[],
    { node = running, program }: AcsStart = {},
  ): Promise<AcsServer> {
    const { tree, profile } = this;
    const child = this.#start(acsProcess({ tree, node, directory, args, profile, program }));
    return serverOf(child, await readyOf(child));
  }

  /** Ends whatever a measure that failed has left. */
  stopAll(): void {
    for (const child of this.#started) if (isRunning(child)) child.kill('SIGKILL');
    this.#loaders.clear();
  }

  async close(): Promise<void> {
    this.stopAll();
    await rm(this.folder, { recursive: true, force: true });
  }

  #start(child: ChildProcess): ChildProcess {
    this.#started.push(child);
    return child;
  }
}

async function* streamed(url: string): AsyncGenerator<Buffer> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
  if (!answer.ok || !answer.body) throw new Error(`GET ${url}: ${answer.status} ${await answer.text()}`);
  for await (const part of answer.body) yield Buffer.from(part as Uint8Array);
}

function serverOf(child: ChildProcess, ready: { cwmp: string[]; api: string }): AcsServer {
  const metrics = async (): Promise<string> =>
    await (await fetch(`${ready.api}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
  return {
    pid: child.pid ?? 0,
    base: ready.api.replace(/\/$/, ''),
    port: Number(new URL(ready.cwmp[0] ?? '').port),
    stop: () => stopped(child),
    api: async (method, path, body) => await callApi(`${ready.api}/api/v1${path}`, method, body),
    stream: path => streamed(`${ready.api}/api/v1${path}`),
    upload: async (path, content) => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const answer = await fetch(`${ready.api}/api/v1${path}`, {
        method: 'PUT',
        headers,
        body: new Uint8Array(content),
      });
      if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
    },
    metrics,
    seen: async () => seenIn(await metrics()),
    heap: async () => await heapMb(child),
  };
}
