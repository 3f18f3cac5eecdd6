// Worker processes (--workers) that serve the CPEs, all at the same addresses, while this process keeps the API, the duties and an
// SQLite store. A worker that ends is started again, and its claims are released.
import cluster, { type Worker } from 'node:cluster';
import { createServer } from 'node:net';
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { UserError } from '../errors.ts';
import { memberId, nodeOf } from '../fleet/common/members.ts';
import type { Relay } from '../relay/relay.ts';
import type { CertificatePair } from './certificate-files.ts';

/** The task of a worker process, as JSON in its environment. */
export interface Assignment {
  /** From 1. */
  number: number;
  /** The member id of the worker. */
  self: string;
  primary: { member: string; address: string };
  /** The addresses to listen at. */
  cwmp: string[];
}

export interface Workers {
  /** The addresses of all workers, with the ports that are really bound. */
  cwmp: string[];
  members(): string[];
  renew(certificates: CertificatePair[]): void;
  stop(): Promise<void>;
}

export interface WorkersOptions {
  count: number;
  cwmp: string[];
  clock: Clock;
  random: Random;
  log: Log;
  relay: Relay;
  certificates: CertificatePair[];
  /** Releases the claims of a member that has ended. */
  ended: (member: string) => Promise<void>;
}

/** The environment variable of a worker's assignment, read by main.ts. */
const ASSIGNMENT = 'TANDEM_WORKER';
/** The wait before a restart doubles up to the limit. */
const RESTART_MS = { first: 100, most: 10_000 };
/** A worker that lived longer is started again at once. */
const STEADY_MS = 10_000;
/** The time in which running sessions may finish before a worker is killed. */
const STOP_MS = 15_000;

/** Resolves when all workers listen. @throws UserError when one ends before it does */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const cwmp = await Promise.all(options.cwmp.map(withPort));
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  const workers = new WorkerProcesses(options, cwmp);
  await workers.start();
  return workers;
}

class WorkerProcesses implements Workers {
  /** As configured until the workers listen. */
  cwmp: string[];
  readonly #options: WorkersOptions;
  readonly #slots: WorkerSlot[];
  #certificates: CertificatePair[];

  constructor(options: WorkersOptions, cwmp: string[]) {
    this.cwmp = cwmp;
    this.#options = options;
    this.#certificates = options.certificates;
    this.#slots = Array.from({ length: options.count }, (_, at) => new WorkerSlot(at + 1, cwmp, options));
    const { relay } = options;
    relay.serve('settings', async () => ({ certificates: this.#certificates }));
    relay.serve('listening', async ({ cwmp: bound }, from) => {
      this.#slots.find(({ member }) => member === from)?.isListening(bound);
      return undefined;
    });
  }

  async start(): Promise<void> {
    try {
      const [bound = []] = await Promise.all(this.#slots.map(async slot => await slot.start()));
      this.cwmp = bound;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  members(): string[] {
    return this.#slots.filter(slot => slot.isRunning()).map(({ member }) => member);
  }

  renew(certificates: CertificatePair[]): void {
    this.#certificates = certificates;
    for (const { member } of this.#slots) this.#options.relay.tell(member, 'certificates', { certificates });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#slots.map(async slot => await slot.stop()));
  }
}

/** One of the workers: the process that runs now, and its restart when it ends. */
class WorkerSlot {
  /** The member id of the current process. */
  member = '';
  readonly #number: number;
  readonly #cwmp: string[];
  readonly #options: WorkersOptions;
  #process: Worker | undefined;
  #listening: ((cwmp: string[]) => void) | undefined;
  #wait = RESTART_MS.first;
  #isStopping = false;

  constructor(number: number, cwmp: string[], options: WorkersOptions) {
    this.#number = number;
    this.#cwmp = cwmp;
    this.#options = options;
  }

  isRunning(): boolean {
    return this.#process !== undefined;
  }

  isListening(cwmp: string[]): void {
    this.#listening?.(cwmp);
  }

  /** @returns where the new process listens. @throws UserError when it ends before */
  start(): Promise<string[]> {
    const { clock, random, log, relay } = this.#options;
    const number = this.#number;
    const member = memberId(nodeOf(relay.self), random);
    const primary = { member: relay.self, address: relay.address };
    const assignment: Assignment = { number, self: member, primary, cwmp: this.#cwmp };
    return new Promise((resolve, reject) => {
      const began = clock.monotonic();
      const worker = cluster.fork({ [ASSIGNMENT]: JSON.stringify(assignment) });
      this.member = member;
      this.#process = worker;
      this.#listening = resolve;
      log.debug('worker started', { worker: number, member, pid: worker.process.pid });
      worker.once('exit', (code: number | null, signal: string | null) => {
        this.#process = undefined;
        const how = signal ?? code;
        reject(new UserError(503, 'worker-ended', `worker ${number} ended (${how}) before it was ready`));
        void this.#restart(how, clock.monotonic() - began);
      });
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#process) await stopped(this.#process, this.#options.clock);
  }

  async #restart(how: string | number | null, livedMs: number): Promise<void> {
    const { clock, log, ended } = this.#options;
    const { member } = this;
    const worker = this.#number;
    await ended(member).catch(error => log.warn('worker claims not released', { member, error }));
    if (this.#isStopping) return;
    this.#wait = livedMs > STEADY_MS ? RESTART_MS.first : Math.min(RESTART_MS.most, this.#wait * 2);
    log.error('worker ended', { worker, member, how, waitMs: this.#wait });
    clock.after(this.#wait, () => {
      if (this.#isStopping) return;
      // A process that fails again is logged when it ends.
      this.start().then(
        () => log.info('worker restarted', { worker }),
        () => undefined,
      );
    });
  }
}

/** Asks a worker to end, and kills it when it takes too long. */
function stopped(worker: Worker, clock: Clock): Promise<void> {
  return new Promise(resolve => {
    const timer = clock.after(STOP_MS, () => worker.process.kill('SIGKILL'));
    worker.once('exit', () => {
      timer.cancel();
      resolve();
    });
    worker.process.kill('SIGTERM');
  });
}

/** All workers, restarted ones too, need the same port: for "any port" (0) one is chosen here. */
async function withPort(url: string): Promise<string> {
  const place = new URL(url);
  if (place.port !== '0') return url;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, place.hostname.replace(/^\[|\]$/g, ''), resolve);
  });
  place.port = String((server.address() as { port: number }).port);
  await new Promise(resolve => server.close(resolve));
  return place.href;
}
