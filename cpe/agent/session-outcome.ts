// The outcomes of the sessions of one run, and the consequences of each.
import { withEntry } from '../../shared/lists.ts';
import type { Device } from '../state/device.ts';
import type { AcsDiscovery } from './acs-discovery.ts';
import { BOOTSTRAP } from './event-ledger.ts';
import type { Failure, FailureKind } from './failure.ts';
import type { RetrySchedule } from './retry.ts';
import type { SessionEffects } from './session/rpc.ts';
import type { SessionReport } from './session/session.ts';
import type { Timers } from './timers.ts';

/** DGW Cwmp.AcsStatus. */
export type AcsStatus =
  | 'Starting'
  | 'Connected'
  | 'NoUrl'
  | 'ErrorCannotResolve'
  | 'ErrorNotResponding'
  | 'ErrorAuthFailure'
  | 'ErrorOther';

const statusOf: Partial<Record<FailureKind, AcsStatus>> = {
  'no-url': 'NoUrl',
  unresolved: 'ErrorCannotResolve',
  unreachable: 'ErrorNotResponding',
  silent: 'ErrorNotResponding',
  cut: 'ErrorNotResponding',
  auth: 'ErrorAuthFailure',
};

/** The report of a session that did not take place. */
const noSession = (error: Failure): SessionReport => ({ ok: false, informed: false, events: [], rpcs: [], error });

export const noUrlReport = (): SessionReport =>
  noSession({ kind: 'no-url', message: 'no ACS URL is known: neither DHCP nor the configuration names one' });

export const switchedOffReport = (isStopped: boolean): SessionReport =>
  noSession({
    kind: 'off',
    message: `CWMP is switched off: ${isStopped ? 'the service Cwmp is stopped' : 'ManagementServer.EnableCWMP is false'}`,
  });

/** The report of a session that the stop of the service ended. */
export const cutReport = (): SessionReport => noSession({ kind: 'off', message: 'the service Cwmp was stopped' });

/** The sessions of one run as tests, services and fleets see them. */
export interface Sessions {
  readonly ended: number;
  readonly failed: number;
  readonly status: AcsStatus;
  readonly last: SessionReport | undefined;
  /** The first session's report. */
  readonly first: Promise<SessionReport>;
  /** Calls the listener after each session. @returns ends the listening */
  onEnd(listener: (report: SessionReport) => void): () => void;
}

export class SessionOutcomes implements Sessions {
  ended = 0;
  failed = 0;
  status: AcsStatus = 'Starting';
  last: SessionReport | undefined;
  /** Monotonic milliseconds. */
  lastSuccess = Number.NEGATIVE_INFINITY;
  #listeners: ((report: SessionReport) => void)[] | undefined;
  #firstReport: SessionReport | undefined;
  /** Made when a caller waits for the first session. */
  #first: { promise: Promise<SessionReport>; resolve: (report: SessionReport) => void } | undefined;

  get first(): Promise<SessionReport> {
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

  onEnd(listener: (report: SessionReport) => void): () => void {
    this.#listeners = withEntry(this.#listeners, listener);
    return () => {
      this.#listeners = this.#listeners?.filter(other => other !== listener);
    };
  }

  /** @param now monotonic milliseconds */
  count(report: SessionReport, now: number): void {
    this.last = report;
    this.ended++;
    if (report.ok) {
      this.status = 'Connected';
      this.lastSuccess = now;
      return;
    }
    this.failed++;
    this.status = statusOf[report.error?.kind ?? 'internal'] ?? 'ErrorOther';
  }

  announce(report: SessionReport): void {
    this.#endFirst(report);
    for (const listener of this.#listeners ?? []) listener(report);
  }

  /** No session follows. */
  close(): void {
    if (this.#firstReport) return;
    this.#endFirst(noSession({ kind: 'internal', message: 'the unit stopped before its first session ended' }));
  }

  #endFirst(report: SessionReport): void {
    this.#firstReport ??= report;
    this.#first?.resolve(this.#firstReport);
    this.#first = undefined;
  }
}

/** The parts of an agent that a session's outcome acts on. */
export interface OutcomeHost {
  readonly device: Device;
  readonly options: { readonly once?: boolean | undefined };
  readonly sessions: SessionOutcomes;
  readonly acs: AcsDiscovery;
  readonly retry: RetrySchedule;
  readonly timers: Timers;
  readonly loop: { readonly isWanted: boolean; want(): void; leave(exit: () => Promise<void>): void };
  readonly endpoints: { settle(): Promise<void>; announceAgain(): void } | undefined;
}

/** Draws the consequences of a session that ended: retries, what the ACS ordered, a new ACS URL. */
export async function settleSession(agent: OutcomeHost, report: SessionReport, effects: SessionEffects): Promise<void> {
  const { device, sessions, acs, timers, loop, endpoints } = agent;
  const { ok, error, tls } = report;
  const events = report.events.map(entry => entry.EventCode);
  const before = sessions.status;
  sessions.count(report, device.clock.monotonic());
  if (sessions.status !== before) reportStatus(device, report);
  device.log[ok ? 'info' : 'warn']('CWMP session ended', { ok, events, url: acs.url, ...tls, ...(error && { error }) });
  if (ok) await afterSuccess(agent);
  else await afterFailure(agent, report);
  timers.arm();
  timers.armReboot();
  orderRestart(agent, effects);
  if (await acs.noteMove(effects.reboot !== undefined)) loop.want();
  // The STUN server may be the host of the ACS, and DHCP have named another one.
  await endpoints?.settle();
  // Pending notifications are discarded with 0 BOOTSTRAP.
  if (ok && events.includes(BOOTSTRAP)) endpoints?.announceAgain();
}

/** Reports a change of the AcsStatus: the first of several failures, and the session that ends them. */
function reportStatus(device: Device, { ok, error }: SessionReport): void {
  if (!ok) device.notify('sessionFailed', { reason: error?.message ?? 'no reason is known' });
  else device.notify('sessionRestored', {});
}

async function afterSuccess({ device, retry, loop }: OutcomeHost): Promise<void> {
  const { facts } = device.state;
  // An event that the ACS answered with a fault is still undelivered.
  const owed = facts.transfers.some(({ state }) => state === 'ended') || facts.wishes !== undefined;
  retry.succeeded(owed && !loop.isWanted);
  if (facts.retries === 0) return;
  await device.state.record(own => {
    own.retries = 0;
  });
}

async function afterFailure({ device, options, acs, retry }: OutcomeHost, report: SessionReport): Promise<void> {
  acs.adapt(report);
  retry.failed(report, options.once === true);
  if (report.error?.kind === 'no-url') return;
  await device.state.record(facts => {
    facts.retries++;
  });
}

function orderRestart({ device, loop }: OutcomeHost, { factoryReset, reboot }: SessionEffects): void {
  if (factoryReset) loop.leave(() => device.power.factoryReset());
  else if (reboot) loop.leave(() => device.power.reboot({ commandKey: reboot.commandKey, reason: 'Reboot' }));
}
