// The CWMP agent of one unit: decides when to talk to the ACS and about what, one session at a time.
import type { EventEntry } from '../../shared/cwmp/methods.ts';
import type { Namespace } from '../../shared/cwmp/versions.ts';
import { messageOf } from '../../shared/errors.ts';
import { authenticated, createHttp, withCookies, withRedirects } from '../../shared/net/http.ts';
import type { TlsService } from '../../shared/tls/profiles.ts';
import type { AgentFacts, Change, Device, Source } from '../state/device.ts';
import { type AcsAddress, acsAddress, usesDhcp } from './acsurl.ts';
import { createDoor, type Door } from './door.ts';
import { type Failure, failureOf } from './failure.ts';
import { type Credentials, credentials, informOf, isTrue, managementServer, retryPolicy } from './inform.ts';
import { createLatch, createMutex } from './latch.ts';
import * as ledger from './ledger.ts';
import { openLine, type WireTap } from './line.ts';
import { carryOut, type Orders } from './rpc.ts';
import { holdSession, type OwnRequest, type SessionReport } from './session.ts';
import { createTimers, type Timers } from './timers.ts';
import { retryWait, unknownTime } from './timing.ts';
import { userAgent } from './transfer.ts';
import { createWorker, type Worker } from './work.ts';

/** DGW Cwmp.AcsStatus. */
export type AcsStatus =
  | 'Starting'
  | 'Connected'
  | 'NoUrl'
  | 'ErrorCannotResolve'
  | 'ErrorNotResponding'
  | 'ErrorAuthFailure'
  | 'ErrorOther';

export interface AgentOptions {
  /** Where connection requests are taken; port 0 is any. Absent: nowhere. */
  listen?: { host: string; port: number } | undefined;
  wire?: WireTap | undefined;
  /** One session, then nothing more. */
  once?: boolean | undefined;
  /** Another HTTP client than the one on sockets. */
  http?: typeof createHttp | undefined;
  /** How the Inform is written: cwmp-1-2 without version headers unless told. */
  cwmp?: { namespace?: Namespace; supportedVersions?: string[] } | undefined;
}

export interface Agent {
  /** Ends all activity at once, as a power cut would; says nothing to anyone. */
  stop(): Promise<void>;
  /** Resolves when connection requests can come in. */
  readonly ready: Promise<void>;
  /** The first session's report. */
  readonly once: Promise<SessionReport>;
  readonly sessions: { readonly ended: number; readonly failed: number };
  readonly connectionRequestUrl: string;
  /** The URL of the last session, or the one that the next will use. */
  readonly acsUrl: string;
  readonly status: AcsStatus;
  lastSession(): SessionReport | undefined;
  /** @returns ends the listening */
  onSession(listener: (report: SessionReport) => void): () => void;
  /** Wants a session now, with an event if one is named: for the unit's own services (check-sync, web page). */
  inform(event?: string): void;
}

/** Starts the agent as the unit boots: notes 1 BOOT, finishes what a power cut interrupted, and opens the first session. */
export function startAgent(device: Device, options: AgentOptions): Agent {
  return new RunningAgent(device, options);
}

const stopped: SessionReport = {
  ok: false,
  informed: false,
  events: [],
  error: { kind: 'internal', message: 'the unit stopped' },
  rpcs: [],
};

class RunningAgent implements Agent {
  readonly #device: Device;
  readonly #options: AgentOptions;
  readonly #stop = new AbortController();
  readonly #wanted;
  /** A session or an installation, never both. */
  readonly #alone = createMutex();
  readonly #door: Door;
  readonly #timers: Timers;
  readonly #worker: Worker;
  readonly #unwatch: () => void;
  readonly #listeners = new Set<(report: SessionReport) => void>();
  readonly #running: Promise<void>;
  readonly ready: Promise<void>;
  readonly once: Promise<SessionReport>;
  #first: (report: SessionReport) => void = () => undefined;

  #ended = 0;
  #failed = 0;
  #last: SessionReport | undefined;
  #status: AcsStatus = 'Starting';
  #address: AcsAddress | undefined;
  #namespace: Namespace;
  /** Failed sessions since the boot or the last good one: the n of the retry table. */
  #failures = 0;
  /** Monotonic milliseconds; undefined while no retry is due. */
  #retryAt: number | undefined;
  #lastSuccess = Number.NEGATIVE_INFINITY;
  /** An accepted connection request that no session has told of; never kept (TR-069 3.7.1.5). */
  #knocked = false;
  #inSession = false;
  #telling: readonly EventEntry[] = [];
  #changedAgain = new Set<string>();
  /** Writes of the facts that were begun by listeners. */
  #notes: Promise<void> = Promise.resolve();
  /** What ends this run: a reboot or a factory reset, carried out when everything here has come to rest. */
  #order: (() => Promise<void>) | undefined;

  constructor(device: Device, options: AgentOptions) {
    this.#device = device;
    this.#options = options;
    this.#namespace = options.cwmp?.namespace ?? '1-2';
    this.#wanted = createLatch(device.clock);
    this.once = new Promise(resolve => {
      this.#first = resolve;
    });
    this.#door = createDoor(device, {
      listen: options.once ? undefined : options.listen,
      busy: () => this.#inSession,
      requested: () => {
        this.#knocked = true;
        this.#wanted.set();
      },
      changed: () => this.#noteChanged([`${device.model.root}ManagementServer.ConnectionRequestURL`]),
    });
    this.#timers = createTimers(device, {
      periodic: () => this.#happened(ledger.PERIODIC),
      scheduled: () => this.#note(ledger.fireScheduled(device.clock.now(), () => this.#telling)),
      active: () => this.#wanted.set(),
    });
    this.#worker = createWorker({
      device,
      open: (service, login) => this.#openFiles(service, login),
      signal: this.#stop.signal,
      alone: this.#alone,
      telling: () => this.#telling,
      ended: () => this.#wanted.set(),
      restart: () => this.#leave(() => device.reboot({ reason: 'firmware' })),
    });
    this.#unwatch = device.watch((changes, source) => this.#changed(changes, source));
    this.ready = this.#door.settle().catch((error: unknown) => {
      device.log.error('no connection requests can be taken', { reason: messageOf(error) });
    });
    this.#running = this.#live();
  }

  get sessions() {
    return { ended: this.#ended, failed: this.#failed };
  }

  get connectionRequestUrl(): string {
    return this.#door.url;
  }

  get acsUrl(): string {
    return this.#address?.url ?? acsAddress(this.#device)?.url ?? '';
  }

  get status(): AcsStatus {
    return this.#status;
  }

  lastSession(): SessionReport | undefined {
    return this.#last;
  }

  onSession(listener: (report: SessionReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  inform(event?: string): void {
    if (event) this.#happened(event);
    else this.#wanted.set();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new DOMException('the unit stopped', 'AbortError'));
    await this.#running;
  }
