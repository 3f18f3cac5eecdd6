// The servers of a bench: filled stores, the ACS and the baseline as processes of their own, the load beside them.
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openData } from '../../../acs/server/data-directory.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import type { LoadReport, LoadRequest } from '../load/requests.ts';
import type { Seen } from '../work.ts';
import type { BaselineSetup } from './baseline.ts';
import { acsProcess, answerOf, callApi, forked, isRunning, readyOf, stopped, TOKEN } from './children.ts';
import { fillStore, type Modelled, storeModels } from './fill.ts';

export interface Server {
  pid: number;
  port: number;
  /** Its own totals. */
  seen(): Promise<Seen>;
  stop(): Promise<void>;
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

export interface AcsServer extends Server {
  /** One API call. @throws Error for anything but a 2xx */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  metrics(): Promise<string>;
}

/** The content of a store when its server starts. */
export interface Stored {
  devices: number;
  modelled?: Modelled;
}

export class BenchServers {
  readonly folder: string;
  /** The profiles of servers that start from now on go there; undefined: none are made. */
  profile: string | undefined;
  readonly #started: ChildProcess[] = [];
  /** Filled stores by their number of devices: the same fleet is stored once, and copied for each server. */
  readonly #filled = new Map<number, string>();
  #sequence = 0;
  #loader: ChildProcess | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<BenchServers> {
    return new BenchServers(await mkdtemp(join(tmpdir(), 'tandem-bench-')));
  }

  async load(request: LoadRequest): Promise<LoadReport> {
    this.#loader ??= this.#start(forked('../load/load.ts'));
    return await answerOf<LoadReport>(this.#loader, request);
  }

  async baseline(setup: Omit<BaselineSetup, 'file'>): Promise<Server> {
    const child = this.#start(forked('./baseline.ts'));
    const file = join(this.folder, `baseline${++this.#sequence}.db`);
    const { port } = await answerOf<{ port: number }>(child, { ...setup, file });
    return {
      pid: child.pid ?? 0,
      port,
      seen: async () => await answerOf<Seen>(child, 'seen'),
      stop: () => stopped(child),
    };
  }

  /** The ACS on a store of its own that is filled already. `args` come on top of what every bench needs. */
  async acs(stored: Stored, args: readonly string[]): Promise<AcsServer> {
    const { directory } = await this.data(stored);
    const child = this.#start(acsProcess(directory, args, this.profile));
    const ready = await readyOf(child);
    const metrics = async (): Promise<string> =>
      await (await fetch(`${ready.api}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
    return {
      pid: child.pid ?? 0,
      port: Number(new URL(ready.cwmp[0] ?? '').port),
      stop: () => stopped(child),
      api: async (method, path, body) => await callApi(`${ready.api}/api/v1${path}`, method, body),
      metrics,
      seen: async () => seenIn(await metrics()),
    };
  }

  /** A data directory with a filled store, for a bench that starts the ACS in another way. */
  async data({ devices, modelled }: Stored): Promise<{ directory: string; serverKey: Buffer }> {
    const directory = join(this.folder, `acs${++this.#sequence}`);
    const file = join(directory, 'tandem.db');
    await mkdir(directory);
    // One key for all, so that one filled store fits every data directory.
    const { serverKey } = await openData(join(this.folder, 'key'), systemClock(), systemRandom());
    await copyFile(await this.#filledWith(devices, serverKey), file, constants.COPYFILE_FICLONE);
    await copyFile(join(this.folder, 'key', 'server-key'), join(directory, 'server-key'));
    if (modelled) await storeModels(file, modelled);
    return { directory, serverKey };
  }

  async close(): Promise<void> {
    for (const child of this.#started) if (isRunning(child)) child.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  #start(child: ChildProcess): ChildProcess {
    this.#started.push(child);
    return child;
  }

  async #filledWith(devices: number, serverKey: Buffer): Promise<string> {
    const known = this.#filled.get(devices);
    if (known) return known;
    const file = join(this.folder, `filled${devices}.db`);
    await fillStore({ file, devices, serverKey });
    this.#filled.set(devices, file);
    return file;
  }
}
