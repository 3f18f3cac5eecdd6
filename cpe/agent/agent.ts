// The CWMP agent of one unit: decides when to talk to the ACS and about what, one session at a time.
import type { Namespace } from '../../shared/cwmp/versions.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import { createHttp } from '../../shared/net/http.ts';
import type { Change, Device, Source } from '../state/device.ts';
import { type AcsAddress, acsAddress, usesDhcp } from './acsurl.ts';
import { contactAcs } from './contact.ts';
import { createDoor, type Door } from './door.ts';
import type { FailureKind } from './failure.ts';
import { openFilesWith } from './files.ts';
import { isTrue, managementServer, retryPolicy } from './inform.ts';
import { createLatch, createMutex, type Latch, unlessAborted } from './latch.ts';
import * as ledger from './ledger.ts';
import type { WireTap } from './line.ts';
import { createNews, type News } from './news.ts';
import type { Orders } from './rpc.ts';
import type { SessionReport } from './session.ts';
import { createUdpDoor, isStunEnabled, type StunView, stunOff, type UdpDoor } from './stun.ts';
import { createTimers, type Timers } from './timers.ts';
import { retryWait } from './timing.ts';
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
  /** One session, then nothing more: no transfers, no retry. */
  once?: boolean | undefined;
  /** Another HTTP client than the one on sockets. */
  http?: typeof createHttp | undefined;
  /** How the Inform is written: cwmp-1-2 without version headers unless told. */
  cwmp?: { namespace?: Namespace; supportedVersions?: string[] } | undefined;
}

export interface Agent {
  /** Ends all activity at once and says nothing to anyone, as a power cut would. */
  stop(): Promise<void>;
  /** Resolves when connection requests can come in. */
  readonly ready: Promise<void>;
  /** The first session's report. */
  readonly once: Promise<SessionReport>;
  readonly sessions: { readonly ended: number; readonly failed: number };
  readonly connectionRequestUrl: string;
  /** The way in by UDP. */
  readonly stun: StunView;
  /** The URL of the running or last session; before the first the one it will use; '' when there is none. */
  readonly acsUrl: string;
  readonly status: AcsStatus;
  lastSession(): SessionReport | undefined;
  /** @returns ends the listening */
  onSession(listener: (report: SessionReport) => void): () => void;
  /** Wants a session now, telling `event` if one is named: for the unit's own services (check-sync, web page). */
  inform(event?: string): void;
  /** Looks at the transfers again: the unit queued one of its own. */
  wakeTransfers(): void;
  /** Asks the ACS for a file (TR-069 A.4.2.2): 9 REQUEST DOWNLOAD, then RequestDownload. At most 16 arguments. */
  requestDownload(fileType: string, args?: Readonly<Record<string, string>>): void;
}

/** Starts the agent as the unit boots: notes 1 BOOT, finishes what a power cut interrupted, and opens the first session. */
export function startAgent(device: Device, options: AgentOptions): Agent {
  return new RunningAgent(device, options);
}

const noReport: SessionReport = {
  ok: false,
  informed: false,
  events: [],
  error: { kind: 'internal', message: 'the unit stopped before its first session ended' },
  rpcs: [],
};

const statusOf: Partial<Record<FailureKind, AcsStatus>> = {
  'no-url': 'NoUrl',
  unresolved: 'ErrorCannotResolve',
  unreachable: 'ErrorNotResponding',
  silent: 'ErrorNotResponding',
  cut: 'ErrorNotResponding',
  auth: 'ErrorAuthFailure',
};

class RunningAgent implements Agent {
  readonly #device: Device;
  readonly #options: AgentOptions;
  readonly #stop = new AbortController();
  readonly #wanted: Latch;
  /** Holds a session or an installation, never both. */
  readonly #alone = createMutex();
  readonly #news: News;
  readonly #door: Door;
  /** Made when STUN is first enabled: most units never need it. */
  #udpDoor: UdpDoor | undefined;
  readonly #timers: Timers;
  readonly #worker: Worker;
  readonly #unwatch: () => void;
  readonly #listeners = new Set<(report: SessionReport) => void>();
  readonly #running: Promise<void>;
  readonly ready: Promise<void>;
  readonly once: Promise<SessionReport>;
  #firstEnded: (report: SessionReport) => void = () => undefined;

  #ended = 0;
  #failed = 0;
  #last: SessionReport | undefined;
  #status: AcsStatus = 'Starting';
  #address: AcsAddress | undefined;
  #namespace: Namespace;
  /** The ACS answered 415 to what was compressed. */
  #uncompressed = false;
  /** Failed sessions since the boot or the last good one: the n of the retry table. */
  #failures = 0;
  /** Monotonic milliseconds; undefined while no retry is due. */
  #retryAt: number | undefined;
  #lastSuccess = Number.NEGATIVE_INFINITY;
  #inSession = false;
  /** Somebody outside ended this run: whatever it had ordered is void. */
  #halted = false;
  /** Ends this run: a reboot or factory reset, carried out when everything here has come to rest. */
  #order: (() => Promise<void>) | undefined;

  constructor(device: Device, options: AgentOptions) {
    this.#device = device;
    this.#options = options;
    this.#namespace = options.cwmp?.namespace ?? '1-2';
    this.#wanted = createLatch(device.clock);
    this.once = new Promise(resolve => {
      this.#firstEnded = resolve;
    });
    this.#news = createNews(device, () => this.#stop.signal.aborted);
    this.#door = createDoor(device, {
      listen: options.once ? undefined : options.listen,
      busy: () => this.#inSession,
      requested: () => this.#requested(),
      changed: () => this.#noteChanged([`${device.model.root}ManagementServer.ConnectionRequestURL`]),
    });
    this.#timers = createTimers(device, {
      periodic: () => this.#happened(ledger.PERIODIC),
      scheduled: () => {
        this.#news.scheduledDue();
        this.#news.then(() => this.#timers.arm());
        this.#wanted.set();
      },
      active: () => {
        if (device.facts.changed.length > 0) this.#wanted.set();
      },
    });
    this.#worker = createWorker({
      device,
      open: openFilesWith(device, options.http ?? createHttp),
      signal: this.#stop.signal,
      alone: this.#alone,
      telling: () => this.#news.telling,
      ended: () => this.#wanted.set(),
      restart: () => this.#leave(() => device.reboot({ reason: 'firmware' })),
    });
    this.#unwatch = device.watch((changes, source) => this.#changed(changes, source));
    const versionPath = `${device.model.root}DeviceInfo.SoftwareVersion`;
    const booted = device.record(facts => ledger.booted(facts, device.softwareVersion, versionPath));
    this.ready = booted.then(
      () => this.#settleDoor(),
      () => undefined,
    );
    this.#running = this.#live(booted);
  }

  get sessions(): { ended: number; failed: number } {
    return { ended: this.#ended, failed: this.#failed };
  }

  get connectionRequestUrl(): string {
    return this.#door.url;
  }

  get stun(): StunView {
    return this.#udpDoor ?? stunOff;
  }

  get acsUrl(): string {
    return (this.#address ?? acsAddress(this.#device))?.url ?? '';
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

  wakeTransfers(): void {
    this.#worker.wake();
  }

  requestDownload(fileType: string, args: Readonly<Record<string, string>> = {}): void {
    const list = Object.entries(args).map(([Name, Value]) => ({ Name, Value }));
    if (list.length > 16) throw new UserError(400, 'too-many', 'RequestDownload takes at most 16 arguments');
    this.#news.wished({ fileType, args: list });
    this.#wanted.set();
  }

  async stop(): Promise<void> {
    this.#halted = true;
    this.#stop.abort(new DOMException('the unit stopped', 'AbortError'));
    await this.#running;
  }

  /** From boot to stop or restart. Nothing of this agent moves any more once it resolves. */
  async #live(booted: Promise<void>): Promise<void> {
    const { log } = this.#device;
    let worker: Promise<void> | undefined;
    try {
      await booted;
      await this.#worker.recover();
      // Before the first session, so that its Inform can name the URL.
      await this.ready;
      this.#timers.arm();
      this.#wanted.set();
      if (!this.#options.once) {
        worker = this.#worker.run().catch((error: unknown) => log.error('transfers are given up', { error }));
      }
      await this.#talk();
    } catch (error) {
      if (!this.#stop.signal.aborted) log.error('agent failed', { error });
    }
    this.#stop.abort();
    this.#unwatch();
    this.#timers.stop();
    const doors = this.ready.then(() => Promise.all([this.#door.close(), this.#udpDoor?.close()]));
    await Promise.all([worker, doors, this.#news.settled()]);
    this.#firstEnded(noReport);
    if (this.#halted) return;
    // Not awaited: the unit stops this agent as part of its restart, and stop() waits for us.
    this.#order?.().catch((error: unknown) => log.error('restart failed', { error }));
  }

  async #talk(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !this.#order) {
      await this.#untilWanted();
      this.#retryAt = undefined;
      if (this.#order || !isTrue(managementServer(this.#device, 'EnableCWMP', '1'))) continue;
      const orders: Orders = {};
      const report = await this.#alone(() => this.#session(orders));
      if (!report) continue;
      await this.#settle(report, orders);
      this.#firstEnded(report);
      for (const listener of this.#listeners) listener(report);
      if (this.#options.once) return;
      this.#worker.wake();
    }
  }

  /** TR-069 3.2.1.1: at the end of the wait or when something new happens, whichever comes first. */
  async #untilWanted(): Promise<void> {
    const { clock } = this.#device;
    // The ACS was refused only for want of a clock: as soon as there is one, the retry need not wait.
    const clockless = this.#last?.error?.code === 'clock-not-set';
    for (;;) {
      const left = this.#retryAt === undefined ? undefined : Math.max(0, this.#retryAt - clock.monotonic());
      const wait = clockless && left !== undefined ? Math.min(left, 1000) : left;
      const woken = await this.#wanted.wait(wait, this.#stop.signal);
      if (woken || wait === left || this.#device.now() !== undefined) return;
    }
  }

  /** One session; undefined when an installation that came first ordered a restart. */
  async #session(orders: Orders): Promise<SessionReport | undefined> {
    if (this.#order) return undefined;
    await this.#findAcs();
    const address = this.#address;
    if (!address) return { ...noReport, error: { kind: 'no-url', message: 'no ACS URL is known' } };
    const telling = await this.#news.take(address.url);
    this.#inSession = true;
    try {
      return await contactAcs({
        device: this.#device,
        url: address.url,
        telling,
        connectionRequestUrl: this.connectionRequestUrl,
        namespace: this.#namespace,
        supportedVersions: this.#options.cwmp?.supportedVersions,
        compress: !this.#uncompressed,
        http: this.#options.http,
        wire: this.#options.wire,
        signal: this.#stop.signal,
        orders,
      });
    } finally {
      this.#inSession = false;
      this.#news.done();
    }
  }

  /** TR-069 3.1: an ACS that DHCP named and that could not be reached is asked for again. */
  async #findAcs(): Promise<void> {
    const device = this.#device;
    const lost = this.#address?.learned === true && this.#last?.ok === false && !this.#last.informed;
    if (usesDhcp(device) && (lost || !acsAddress(device))) await unlessAborted(device.renewLease(), this.#stop.signal);
    this.#address = acsAddress(device);
  }

  /** Draws the consequences of a session that ended: the retry policy, the orders, a new ACS URL. */
  async #settle(report: SessionReport, orders: Orders): Promise<void> {
    const device = this.#device;
    this.#last = report;
    this.#ended++;
    const { ok, error, tls } = report;
    const events = report.events.map(entry => entry.EventCode);
    device.log[ok ? 'info' : 'warn']('session ended', {
      ok,
      events,
      url: this.acsUrl,
      ...tls,
      ...(error && { error }),
    });
    if (ok) await this.#succeeded();
    else await this.#retryLater(report);
    this.#timers.arm();
    if (orders.factoryReset) this.#leave(() => device.factoryReset());
    else if (orders.reboot) {
      const { commandKey } = orders.reboot;
      this.#leave(() => device.reboot({ commandKey, reason: 'Reboot' }));
    }
    await this.#checkAddress(orders.reboot !== undefined);
    // The STUN server may be the host of the ACS, and DHCP have named another one.
    await this.#settleUdpDoor();
    // What was to be told is forgotten with 0 BOOTSTRAP.
    if (ok && events.includes(ledger.BOOTSTRAP)) this.#udpDoor?.tellAgain();
  }

  async #succeeded(): Promise<void> {
    const { clock, facts } = this.#device;
    this.#status = 'Connected';
    this.#failures = 0;
    this.#lastSuccess = clock.monotonic();
    // An event that the ACS answered with a fault is still undelivered; it waits no longer than a failed session would.
    const owed = facts.transfers.some(({ state }) => state === 'ended') || facts.wishes !== undefined;
    const undelivered = owed && !this.#wanted.isSet;
    this.#retryAt = undelivered ? clock.monotonic() + this.#retryWait(1) : undefined;
    if (facts.retries !== 0) {
      await this.#device.record(own => {
        own.retries = 0;
      });
    }
  }

  async #retryLater(report: SessionReport): Promise<void> {
    const device = this.#device;
    this.#failed++;
    this.#failures++;
    this.#status = statusOf[report.error?.kind ?? 'internal'] ?? 'ErrorOther';
    // TR-069 3.7.4: an ACS that knows no newer version is spoken to in the oldest.
    if (report.error?.code === 8006) this.#namespace = '1-0';
    // TR-069 3.4.7: an ACS that cannot read what is compressed gets it plain from now on.
    if (report.error?.code === 415) this.#uncompressed = true;
    // A connection request alone is not worth a retry: the ACS will ask again (TR-069 3.7.1.5).
    const nothing = !report.informed && device.facts.events.length === 0 && device.facts.changed.length === 0;
    this.#retryAt = nothing ? undefined : device.clock.monotonic() + this.#retryWait(this.#failures);
    if (report.error?.kind === 'no-url') return;
    await device.record(facts => {
      facts.retries++;
    });
  }

  #retryWait(n: number): number {
    return retryWait(n, retryPolicy(this.#device), this.#device.random);
  }

  /** TR-069 3.7.1.5: any change of the ACS URL is a 0 BOOTSTRAP to the new one, after the session. */
  async #checkAddress(restarting: boolean): Promise<void> {
    const device = this.#device;
    const address = acsAddress(device);
    if (!address || !ledger.bootstrapDue(device.facts, address.url)) return;
    await device.record(facts => ledger.bootstrapped(facts, restarting));
    this.#wanted.set();
  }

  #leave(order: () => Promise<void>): void {
    this.#order ??= order;
    this.#wanted.set();
  }

  #requested(): void {
    this.#news.knocked();
    this.#wanted.set();
  }

  #happened(code: string): void {
    this.#news.happened(code);
    this.#wanted.set();
  }

  #changed(changes: Change[], source: Source): void {
    // TR-069 A.3.2.1: what the ACS set itself is no news to it.
    if (source !== 'acs') this.#noteChanged(changes.map(({ path }) => path));
    this.#timers.arm();
    void this.#settleDoor();
    // TR-181 EnableCWMP: what had to wait while it was off.
    const enabled = changes.some(({ path }) => path.endsWith('ManagementServer.EnableCWMP'));
    if (enabled && this.#device.facts.events.length > 0) this.#wanted.set();
    const url = acsAddress(this.#device)?.url;
    if (this.#inSession || this.#ended === 0 || url === this.#address?.url) return;
    this.#news.then(() => this.#checkAddress(false));
    this.#wanted.set();
  }

  /** TR-069 3.7.1.5, A.3.2.4: a passive change rides along with the next Inform, an active one wants its own. */
  #noteChanged(paths: readonly string[]): void {
    if (this.#news.changed(paths) < 2) return;
    // TR-181 DefaultActiveNotificationThrottle: only a session for this alone has to wait.
    const throttle = Number(managementServer(this.#device, 'DefaultActiveNotificationThrottle', '0')) * 1000;
    const wait = this.#lastSuccess + throttle - this.#device.clock.monotonic();
    if (wait > 0) this.#timers.delayActive(wait);
    else this.#wanted.set();
  }

  async #settleDoor(): Promise<void> {
    try {
      await Promise.all([this.#door.settle(), this.#settleUdpDoor()]);
    } catch (error) {
      this.#device.log.error('no connection requests can be taken', { reason: messageOf(error) });
    }
  }

  async #settleUdpDoor(): Promise<void> {
    const { once, listen } = this.#options;
    if (once || !listen || this.#stop.signal.aborted) return;
    if (!this.#udpDoor && !isStunEnabled(this.#device)) return;
    this.#udpDoor ??= createUdpDoor(this.#device, {
      // Nobody is answered, so nobody can be told that the unit is in a session: another one follows it (TR-069 3.2.2).
      requested: () => this.#requested(),
      changed: paths => this.#noteChanged(paths),
    });
    await this.#udpDoor.settle();
  }
}
