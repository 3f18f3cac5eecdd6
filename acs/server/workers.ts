// --workers: this process keeps the API, what is due by time and, with SQLite, the store; so many others take the CPEs, all at the same
// addresses. One that dies is started again and what it had claimed is free.
import cluster, { type Worker } from 'node:cluster';
import { createServer } from 'node:net';
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { UserError } from '../errors.ts';
import { memberId, nodeOf } from '../fleet/common/members.ts';
import type { Relay } from '../relay/relay.ts';
import type { CertificatePair } from './certificate-files.ts';

/** What a worker is told when it starts, as JSON in its environment. */
export interface Assignment {
  /** From 1. */
  number: number;
  /** The member that it is. */
  self: string;
  primary: { member: string; address: string };
  /** Where it listens. */
  cwmp: string[];
}

export interface Workers {
  /** Where they all listen, with the ports that were really bound. */
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
  /** What it had claimed is free. */
  ended: (member: string) => Promise<void>;
}

/** The environment variable of a worker's assignment, read by main.ts. */
const ASSIGNMENT = 'TANDEM_WORKER';
const AGAIN_MS = { first: 100, most: 10_000 };
/** Who lived for so long is started again at once. */
const STEADY_MS = 10_000;
/** Sessions may finish what they have in hand, then a worker is ended. */
const STOP_MS = 15_000;

interface Slot {
  number: number;
  member: string;
  process: Worker | undefined;
  wait: number;
}

/** All listen when this resolves. @throws UserError when one ends before it does */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const { count, clock, random, log, relay } = options;
  const cwmp = await Promise.all(options.cwmp.map(withPort));
  let { certificates } = options;
  let stopping = false;
  const starting = new Map<string, (cwmp: string[]) => void>();
  const slots: Slot[] = Array.from({ length: count }, (_, at) => ({
    ...{ number: at + 1, member: '', process: undefined, wait: AGAIN_MS.first },
  }));

  cluster.schedulingPolicy = cluster.SCHED_NONE;
  relay.serve('settings', async () => ({ certificates }));
  relay.serve('listening', async ({ cwmp: bound }, from) => {
    starting.get(from)?.(bound);
    starting.delete(from);
    return undefined;
  });

  const start = (slot: Slot): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const member = memberId(nodeOf(relay.self), random);
      const began = clock.monotonic();
      const primary = { member: relay.self, address: relay.address };
      const assignment: Assignment = { number: slot.number, self: member, primary, cwmp };
      const worker = cluster.fork({ [ASSIGNMENT]: JSON.stringify(assignment) });
      Object.assign(slot, { member, process: worker });
      log.debug('worker started', { worker: slot.number, member, pid: worker.process.pid });
      starting.set(member, resolve);
      worker.once('exit', (code: number | null, signal: string | null) => {
        slot.process = undefined;
        starting.delete(member);
        reject(
          new UserError(503, 'worker-ended', `worker ${slot.number} ended (${signal ?? code}) before it was ready`),
        );
        void left(slot, member, clock.monotonic() - began, signal ?? code);
      });
    });

  const left = async (slot: Slot, member: string, lived: number, how: string | number | null): Promise<void> => {
    await options.ended(member).catch(error => log.warn('a worker was not signed off', { member, error }));
    if (stopping) return;
    slot.wait = lived > STEADY_MS ? AGAIN_MS.first : Math.min(AGAIN_MS.most, slot.wait * 2);
    log.error('a worker ended: it is started again', { worker: slot.number, member, how, waitMs: slot.wait });
    clock.after(slot.wait, () => {
      // One that fails once more says so when it ends.
      if (!stopping)
        start(slot).then(
          () => log.info('a worker is back', { worker: slot.number }),
          () => undefined,
        );
    });
  };

  const stop = async (): Promise<void> => {
    stopping = true;
    await Promise.all(
      slots.map(
        ({ process: worker }) =>
          new Promise<void>(resolve => {
            if (!worker) return resolve();
            const timer = clock.after(STOP_MS, () => worker.process.kill('SIGKILL'));
            worker.once('exit', () => {
              timer.cancel();
              resolve();
            });
            worker.process.kill('SIGTERM');
          }),
      ),
    );
  };

  let bound: string[];
  try {
    [bound = []] = await Promise.all(slots.map(start));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    cwmp: bound,
    members: () => slots.filter(({ process: worker }) => worker).map(({ member }) => member),
    renew: fresh => {
      certificates = fresh;
      for (const { member } of slots) relay.tell(member, 'certificates', { certificates });
    },
    stop,
  };
}

/** A worker that is started again has to be where it was: "any port" is settled before. */
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
