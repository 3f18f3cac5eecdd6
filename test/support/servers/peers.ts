// Real programs that judge ours: where they are, how one is started, and a suite that is skipped by name without them.
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** The folder of the peers' configurations; it lies beside the project unless the environment says otherwise. */
export const peersFolder =
  process.env.TANDEM_PEERS ?? fileURLToPath(new URL('../../../../shared/peers/', import.meta.url));

/** The folder of the Broadband Forum's documents, beside the project as well. */
export const documentsFolder =
  process.env.TANDEM_BBF ?? fileURLToPath(new URL('../../../../shared/bbf/', import.meta.url));

/** The folder of tables drawn from those documents and from the DGW's. */
export const tablesFolder =
  process.env.TANDEM_TABLES ?? fileURLToPath(new URL('../../../../shared/reference/', import.meta.url));

export function hasProgram(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some(folder => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      // Not in this folder, or not to be run: the next one.
      return false;
    }
  });
}

export interface Needs {
  programs?: string[];
  /** Files or folders. */
  files?: string[];
  /** The peers' folder with its starter. */
  lab?: boolean;
  /** Rights of root (network namespaces, ports below 1024). */
  root?: boolean;
}

/** Missing needs on this machine, in words; empty when a suite can run. */
export function missing(needs: Needs): string[] {
  const lacks: string[] = [];
  for (const program of needs.programs ?? []) if (!hasProgram(program)) lacks.push(program);
  for (const file of needs.files ?? [])
    if (!existsSync(file)) lacks.push(file.split('/').filter(Boolean).at(-1) ?? file);
  if (needs.lab && !existsSync(join(peersFolder, 'lab'))) lacks.push('the peers folder (TANDEM_PEERS)');
  if (needs.root && process.getuid?.() !== 0) lacks.push('root');
  return lacks;
}

/** A suite against a real program; without it, one pending test that names what is missing. */
export function peerSuite(title: string, needs: Needs, body: (this: Mocha.Suite) => void): void {
  const lacks = missing(needs);
  describe(title, function () {
    if (lacks.length === 0) body.call(this);
    else it(`skipped: needs ${lacks.join(', ')}`);
  });
}

export interface Lab {
  /** Folder with certs/ and the peers' logs. */
  folder: string;
  /** Starts a peer by its name in the lab; further words as the starter takes them. */
  start(name: string, ...words: string[]): Promise<void>;
  stop(name: string): Promise<void>;
  /** Stops what is still running and removes the folder. */
  close(): Promise<void>;
}

/** A lab of its own, so that suites do not end each other's peers. */
export async function openLab(): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-lab-'));
  const running = new Set<string>();
  const call = async (...words: string[]): Promise<void> => {
    await run('sh', [join(peersFolder, 'lab'), ...words], { env: { ...process.env, LAB: folder } });
  };
  const stop = async (name: string): Promise<void> => {
    if (!running.delete(name)) return;
    const pid = Number(await readFile(join(folder, `${name}.pid`), 'utf8').catch(() => ''));
    await call('stop', name);
    endGroup(pid);
  };
  return {
    folder,
    async start(name, ...words) {
      await call('start', name, ...words);
      running.add(name);
    },
    stop,
    async close() {
      for (const name of running) await stop(name);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Each peer leads a group of its own; behind a wrapper such as faketime, ending the wrapper alone leaves the peer running. */
function endGroup(pid: number): void {
  if (!Number.isInteger(pid) || pid <= 1) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
