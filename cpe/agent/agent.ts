// The CWMP agent of one unit: decides when to talk to the ACS and about what, one session at a time.
import { unlessAborted } from '../../shared/abort.ts';
import type { EventEntry } from '../../shared/cwmp/methods.ts';
import type { Namespace } from '../../shared/cwmp/versions.ts';
import { UserError } from '../../shared/errors.ts';
import { createHttp } from '../../shared/net/http.ts';
import type { Change, Source } from '../state/changes.ts';
import type { Device } from '../state/device.ts';
import type { FaultHook } from '../state/fault-hook.ts';
import type { WireTap } from './acs-connection.ts';
import { type AcsAddress, acsAddress, usesDhcp } from './acs-url.ts';
import { ConnectionRequestEndpoints } from './connection-request/endpoints.ts';
import type { OpenListener } from './connection-request/listener.ts';
import { type StunView, stunOff } from './connection-request/udp-endpoint.ts';
import { contactAcs } from './contact.ts';
import * as ledger from './event-ledger.ts';
import type { FailureKind } from './failure.ts';
import { isTrue, managementServer, retryPolicy } from './inform.ts';
import { Mutex } from './latch.ts';
import { PendingEvents } from './pending-events.ts';
import type { SessionEffects } from './rpc.ts';
import type { SessionReport } from './session.ts';
import { type TimerCalls, Timers } from './timers.ts';
import { retryWait } from './timing.ts';
import { openFilesWith } from './transfer/file-client.ts';
import type { OpenFiles } from './transfer/transfer.ts';
import { Worker, type WorkerHost } from './transfer/worker.ts';

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
  /** Another listener for connection requests than the one on sockets. */
  openListener?: OpenListener | undefined;
  /** Stands between what the ACS orders and how it is done. */
  faultHook?: FaultHook | undefined;
  /** How the Inform is written: cwmp-1-2 without version headers unless told. */
  cwmp?: { namespace?: Namespace; supportedVersions?: string[] } | undefined;
  /** Asks the ACS by GetRPCMethods in each session what it answers, and logs it. */
  askMethods?: boolean | undefined;
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

class RunningAgent implements Agent, TimerCalls, WorkerHost {
  readonly device: Device;
  readonly #options: AgentOptions;
  /** Holds a session or an installation, never both. */
  readonly #one = new Mutex();
  readonly #pending: PendingEvents;
  /** Absent where nobody may knock. */
  readonly #endpoints: ConnectionRequestEndpoints | undefined;
  readonly #timers: Timers;
  readonly #worker: Worker;
  readonly #unwatch: () => void;
  #listeners: ((report: SessionReport) => void)[] | undefined;
  ready: Promise<void>;
  /** Whoever waits for the first session. */
  #first: { promise: Promise<SessionReport>; resolve: (report: SessionReport) => void } | undefined;
  #firstReport: SessionReport | undefined;

  /** From the start until sessions may begin. */
  #starting: Promise<void>;
  /** Sessions one after the other while one is wanted; in between nothing waits here. */
  #talking: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #started = false;
  #over = false;
  #wanted = true;
  /** Ends the session under way; there is none while nothing is. */
  #abort: AbortController | undefined;

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
  /** A session failed that was worth a retry, and none has ended well since. */
  #retrying = false;
  /** Monotonic milliseconds; undefined while no retry is due. */
  #retryAt: number | undefined;
  #lastSuccess = Number.NEGATIVE_INFINITY;
  #inSession = false;
  /** Somebody outside ended this run: whatever it had ordered is void. */
  #halted = false;
  /** Ends this run: a reboot or factory reset, carried out when everything here has come to rest. */
  #order: (() => Promise<void>) | undefined;

  constructor(device: Device, options: AgentOptions) {
    this.device = device;
    this.#options = options;
    this.#namespace = options.cwmp?.namespace ?? '1-2';
    this.#pending = new PendingEvents(device, () => this.#over);
    this.#endpoints = options.once || !options.listen ? undefined : this.#makeEndpoints(options.listen);
    this.#timers = new Timers(device, this);
    this.#worker = new Worker(this);
    this.#unwatch = device.config.watchers.watch((changes, source) => this.#changed(changes, source));
    const versionPath = `${device.model.root}DeviceInfo.SoftwareVersion`;
    const booted = device.state.record(facts => ledger.booted(facts, device.softwareVersion, versionPath));
    this.ready = booted.then(
      () => this.#endpoints?.settle(),
      () => undefined,
    );
    this.#starting = this.#start(booted);
  }

  #makeEndpoints(listen: { host: string; port: number }): ConnectionRequestEndpoints {
    return new ConnectionRequestEndpoints(this.device, {
      listen,
      open: this.#options.openListener,
      busy: () => this.#inSession,
      requested: () => this.#requested(),
      changed: paths => this.#noteChanged(paths),
    });
  }

  get once(): Promise<SessionReport> {
    if (this.#firstReport) return Promise.resolve(this.#firstReport);
    if (!this.#first) {
      let resolve: (report: SessionReport) => void = () => undefined;
      const promise = new Promise<SessionReport>(done => {
        resolve = done;
      });
      this.#first = { promise, resolve };
    }
    return this.#first.promise;
  }

  #firstEnded(report: SessionReport): void {
    this.#firstReport ??= report;
    this.#first?.resolve(this.#firstReport);
    this.#first = undefined;
  }

  get sessions(): { ended: number; failed: number } {
    return { ended: this.#ended, failed: this.#failed };
  }

  get connectionRequestUrl(): string {
    return this.#endpoints?.url ?? '';
  }

  get stun(): StunView {
    return this.#endpoints?.stun ?? stunOff;
  }

  get acsUrl(): string {
    return (this.#address ?? acsAddress(this.device))?.url ?? '';
  }

  get status(): AcsStatus {
    return this.#status;
  }

  lastSession(): SessionReport | undefined {
    return this.#last;
  }

  onSession(listener: (report: SessionReport) => void): () => void {
    this.#listeners = [...(this.#listeners ?? []), listener];
    return () => {
      this.#listeners = this.#listeners?.filter(other => other !== listener);
    };
  }

  inform(event?: string): void {
    if (event) this.#happened(event);
    else this.#want();
  }

  wakeTransfers(): void {
    this.#worker.wake();
  }

  requestDownload(fileType: string, args: Readonly<Record<string, string>> = {}): void {
    const list = Object.entries(args).map(([Name, Value]) => ({ Name, Value }));
    if (list.length > 16) throw new UserError(400, 'too-many', 'RequestDownload takes at most 16 arguments');
    this.#pending.downloadRequested({ fileType, args: list });
    this.#want();
  }

  async stop(): Promise<void> {
    this.#halted = true;
    await this.#end();
  }

  async #start(booted: Promise<void>): Promise<void> {
    const { device } = this;
    try {
      await booted;
      // TR-181 DelayReboot: any reboot ends the wait.
      const delay = `${device.model.root}ManagementServer.DelayReboot`;
      if (managementServer(device, 'DelayReboot', '-1') !== '-1')
        await device.config.set([{ name: delay, value: '-1' }], 'unit');
      await this.#worker.recover();
      // Before the first session, so that its Inform can name the URL.
      await this.ready;
      this.#timers.arm();
      this.#timers.armReboot();
      this.#started = true;
      if (!this.#options.once && !this.#over) this.#worker.wake();
      this.#go();
    } catch (error) {
      if (this.#over) return;
      device.log.error('agent failed', { error });
      this.#endSoon();
    }
  }

  /** A session is wanted. */
  #want(): void {
    this.#wanted = true;
    this.#go();
  }

  #go(): void {
    if (!this.#started || this.#over || this.#talking) return;
    this.#talking = this.#talk()
      .catch((error: unknown) => {
        if (this.#over) return;
        this.device.log.error('agent failed', { error });
        this.#endSoon();
      })
      .then(() => {
        this.#talking = undefined;
        if (this.#wanted) this.#go();
      });
  }

  async #talk(): Promise<void> {
    while (this.#wanted && !this.#over && !this.#order) {
      this.#wanted = false;
      this.#retryIn(undefined);
      if (!isTrue(managementServer(this.device, 'EnableCWMP', '1'))) continue;
      const effects: SessionEffects = {};
      const report = await this.alone(() => this.#session(effects));
      if (!report) break;
      await this.#settle(report, effects);
      this.#firstEnded(report);
      for (const listener of this.#listeners ?? []) listener(report);
      if (this.#options.once) return this.#endSoon();
      this.#worker.wake();
    }
    if (this.#order) this.#endSoon();
  }

  /** Not waited for: it waits for whoever calls this. */
  #endSoon(): void {
    this.#end().catch((error: unknown) => this.device.log.error('agent failed', { error }));
  }

  #end(): Promise<void> {
    this.#ending ??= this.#comeToRest();
    return this.#ending;
  }

  /** Nothing of this agent moves any more once it resolves. */
  async #comeToRest(): Promise<void> {
    this.#over = true;
    this.#abort?.abort(new DOMException('the unit stopped', 'AbortError'));
    this.#unwatch();
    this.#timers.stop();
    const work = this.#worker.stop();
    await this.#starting;
    await this.#talking;
    const doors = this.ready.then(() => this.#endpoints?.close());
    await Promise.all([work, doors, this.#pending.settled()]);
    this.#firstEnded(noReport);
    if (this.#halted) return;
    // Not awaited: the unit stops this agent as part of its restart, and stop() waits for us.
    this.#order?.().catch((error: unknown) => this.device.log.error('restart failed', { error }));
  }

  // ---- what its timers and its worker call ----

  periodicDue(): void {
    this.#happened(ledger.PERIODIC);
  }
  scheduledDue(): void {
    this.#pending.scheduledDue();
    this.#pending.after(() => this.#timers.arm());
    this.#want();
  }
  activeDue(): void {
    if (this.device.state.facts.changed.length > 0) this.#want();
  }
  rebootDue(): void {
    this.#leave(() => this.device.power.reboot({ reason: 'ScheduleReboot or DelayReboot' }));
  }
  transferDue(): void {
    this.#worker.wake();
  }
  get faultHook(): FaultHook | undefined {
    return this.#options.faultHook;
  }
  openFiles(): OpenFiles {
    return openFilesWith(this.device, this.#options.http ?? createHttp);
  }
  alone<T>(task: () => Promise<T>): Promise<T> {
    return this.#one.run(task);
  }
  get telling(): readonly EventEntry[] {
    return this.#pending.telling;
  }
  transferEnded(): void {
    this.#want();
  }
  transferIn(ms: number | undefined): void {
    this.#timers.transferIn(ms);
  }
  firmwareInstalled(): void {
    this.#leave(() => this.device.power.reboot({ reason: 'firmware' }));
  }

  /** The ACS was refused only for want of a clock: as soon as there is one, the retry need not wait. */
  #isClockless(): boolean {
    return this.#last?.error?.code === 'clock-not-set' && this.device.now() === undefined;
  }

  /** TR-069 3.2.1.1: at the end of the wait or when something new happens, whichever comes first. */
  #retryIn(ms: number | undefined): void {
    this.#retryAt = ms === undefined ? undefined : this.device.clock.monotonic() + ms;
    this.#timers.retryIn(ms !== undefined && this.#isClockless() ? Math.min(ms, 1000) : ms);
  }

  retryDue(): void {
    const left = (this.#retryAt ?? 0) - this.device.clock.monotonic();
    if (left > 10 && this.#isClockless()) this.#retryIn(left);
    else this.#want();
  }

  /** One session; undefined when an installation that came first ordered a restart. */
  async #session(effects: SessionEffects): Promise<SessionReport | undefined> {
    if (this.#order) return undefined;
    await this.#findAcs();
    const address = this.#address;
    if (!address)
      return {
        ...noReport,
        error: { kind: 'no-url', message: 'no ACS URL is known: neither DHCP nor the configuration names one' },
      };
    const telling = await this.#pending.take(address.url);
    this.#inSession = true;
    const abort = new AbortController();
    this.#abort = abort;
    if (this.#over) abort.abort(new DOMException('the unit stopped', 'AbortError'));
    try {
      return await contactAcs({
        device: this.device,
        url: address.url,
        telling,
        connectionRequestUrl: this.connectionRequestUrl,
        namespace: this.#namespace,
        supportedVersions: this.#options.cwmp?.supportedVersions,
        compress: !this.#uncompressed,
        askMethods: this.#options.askMethods === true,
        http: this.#options.http,
        faultHook: this.faultHook,
        wire: this.#options.wire,
        signal: abort.signal,
        effects,
      });
    } finally {
      this.#inSession = false;
      this.#abort = undefined;
      this.#pending.done();
    }
  }

  async #renewLease(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    if (this.#over) abort.abort(new DOMException('the unit stopped', 'AbortError'));
    await unlessAborted(this.device.dhcp.renew(), abort.signal).finally(() => {
      this.#abort = undefined;
    });
  }

  /** TR-069 3.1: an ACS that DHCP named and that could not be reached is asked for again. */
  async #findAcs(): Promise<void> {
    const device = this.device;
    const lost = this.#address?.learned === true && this.#last?.ok === false && !this.#last.informed;
    if (usesDhcp(device) && (lost || !acsAddress(device))) await this.#renewLease();
    this.#address = acsAddress(device);
  }

  /** Draws the consequences of a session that ended: the retry policy, the ordered effects, a new ACS URL. */
  async #settle(report: SessionReport, effects: SessionEffects): Promise<void> {
    const device = this.device;
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
    this.#timers.armReboot();
    if (effects.factoryReset) this.#leave(() => device.power.factoryReset());
    else if (effects.reboot) {
      const { commandKey } = effects.reboot;
      this.#leave(() => device.power.reboot({ commandKey, reason: 'Reboot' }));
    }
    await this.#checkAddress(effects.reboot !== undefined);
    // The STUN server may be the host of the ACS, and DHCP have named another one.
    await this.#endpoints?.settle();
    // What was to be told is forgotten with 0 BOOTSTRAP.
    if (ok && events.includes(ledger.BOOTSTRAP)) this.#endpoints?.tellAgain();
  }

  async #succeeded(): Promise<void> {
    const { clock, state } = this.device;
    const { facts } = state;
    this.#status = 'Connected';
    this.#failures = 0;
    this.#retrying = false;
    this.#lastSuccess = clock.monotonic();
    // An event that the ACS answered with a fault is still undelivered; it waits no longer than a failed session would.
    const owed = facts.transfers.some(({ state }) => state === 'ended') || facts.wishes !== undefined;
    const undelivered = owed && !this.#wanted;
    this.#retryIn(undelivered ? this.#retryWait(1) : undefined);
    if (facts.retries !== 0) {
      await this.device.state.record(own => {
        own.retries = 0;
      });
    }
  }

  async #retryLater(report: SessionReport): Promise<void> {
    const device = this.device;
    this.#failed++;
    this.#failures++;
    this.#status = statusOf[report.error?.kind ?? 'internal'] ?? 'ErrorOther';
    // TR-069 3.7.4: an ACS that knows no newer version is spoken to in the oldest.
    if (report.error?.code === 8006) this.#namespace = '1-0';
    // TR-069 3.4.7: an ACS that cannot read what is compressed gets it plain from now on.
    if (report.error?.code === 415) this.#uncompressed = true;
    // A connection request alone is not worth a retry: the ACS will ask again (TR-069 3.7.1.5). The retry of a session that failed
    // after its events were told has none to tell either, and goes on until it succeeds (3.2.1.1).
    const { events, changed } = device.state.facts;
    this.#retrying ||= report.informed || events.length > 0 || changed.length > 0;
    const wait = this.#retrying && !this.#options.once ? this.#retryWait(this.#failures) : undefined;
    if (wait !== undefined) this.device.log.info('next try', { inSeconds: Math.round(wait / 1000) });
    this.#retryIn(wait);
    if (report.error?.kind === 'no-url') return;
    await device.state.record(facts => {
      facts.retries++;
    });
  }

  #retryWait(n: number): number {
    return retryWait(n, retryPolicy(this.device), this.device.random);
  }

  /** TR-069 3.7.1.5: any change of the ACS URL is a 0 BOOTSTRAP to the new one, after the session. */
  async #checkAddress(restarting: boolean): Promise<void> {
    const device = this.device;
    const address = acsAddress(device);
    if (!address || !ledger.bootstrapDue(device.state.facts, address.url)) return;
    await device.state.record(facts => ledger.bootstrapped(facts, restarting));
    this.#want();
  }

  #leave(order: () => Promise<void>): void {
    this.#order ??= order;
    this.#want();
  }

  #requested(): void {
    this.#pending.knocked();
    this.#want();
  }

  #happened(code: string): void {
    this.#pending.happened(code);
    this.#want();
  }

  #changed(changes: Change[], source: Source): void {
    // TR-069 A.3.2.1: what the ACS set itself is no news to it.
    if (source !== 'acs') this.#noteChanged(changes.map(({ path }) => path));
    this.#timers.arm();
    // An ACS's own change counts from the end of its session.
    if (!this.#inSession) this.#timers.armReboot();
    void this.#endpoints?.settle();
    // TR-181 EnableCWMP: what had to wait while it was off.
    const enabled = changes.some(({ path }) => path.endsWith('ManagementServer.EnableCWMP'));
    if (enabled && this.device.state.facts.events.length > 0) this.#want();
    const url = acsAddress(this.device)?.url;
    if (this.#inSession || this.#ended === 0 || url === this.#address?.url) return;
    this.#pending.after(() => this.#checkAddress(false));
    this.#want();
  }

  /** TR-069 3.7.1.5, A.3.2.4: a passive change rides along with the next Inform, an active one wants its own. */
  #noteChanged(paths: readonly string[]): void {
    if (this.#pending.changed(paths) < 2) return;
    // TR-181 DefaultActiveNotificationThrottle: only a session for this alone has to wait.
    const throttle = Number(managementServer(this.device, 'DefaultActiveNotificationThrottle', '0')) * 1000;
    const wait = this.#lastSuccess + throttle - this.device.clock.monotonic();
    if (wait > 0) this.#timers.delayActive(wait);
    else this.#want();
  }
}
