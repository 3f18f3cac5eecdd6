// The CWMP agent of one unit: decides when a session with the ACS is wanted, and holds one at a time.
import { UserError } from '../../shared/errors.ts';
import type { Device } from '../state/device.ts';
import { AcsDiscovery } from './acs-discovery.ts';
import { onChanges } from './change-watch.ts';
import { ConnectionRequestEndpoints } from './connection-request/endpoints.ts';
import { type StunView, stunOff } from './connection-request/stun-settings.ts';
import * as ledger from './event-ledger.ts';
import { AgentLife } from './life.ts';
import type { AgentOptions } from './options.ts';
import { PendingEvents } from './pending-events.ts';
import { RetrySchedule } from './retry.ts';
import { SessionLoop } from './session-loop.ts';
import { SessionOutcomes, type Sessions } from './session-outcome.ts';
import {
  ACTIVE,
  type Appointment,
  PERIODIC,
  REBOOT,
  RETRY,
  restTimers,
  SCHEDULED,
  Timers,
  TRANSFER,
} from './timers.ts';
import { Worker } from './transfer/worker.ts';

export interface Agent {
  /** Ends all activity at once without a word to the ACS, as a power cut would. */
  stop(): Promise<void>;
  /** Resolves when connection requests can come in. */
  readonly ready: Promise<void>;
  readonly sessions: Sessions;
  readonly connectionRequestUrl: string;
  /** The endpoint of connection requests by UDP. */
  readonly stun: StunView;
  readonly acs: {
    /** The URL of the running or last session; before the first the one that it will use; '' when there is none. */
    readonly url: string;
  };
  /** Wants a session now, with an event if one is named: for the unit's own services (check-sync, web page). */
  inform(event?: string): void;
  /** Its service stops: a session under way ends in its own time, or is cut. Resolves when nothing is called or answered any more. */
  rest(): Promise<void>;
  /** Its service starts: events that waited are reported. */
  resume(): Promise<void>;
  readonly transfers: {
    /** Looks at the queue again: the unit queued a transfer of its own. */
    wake(): void;
  };
  /** Asks the ACS for a file (TR-069 A.4.2.2): 9 REQUEST DOWNLOAD, then RequestDownload. At most 16 arguments. */
  requestDownload(fileType: string, args?: Readonly<Record<string, string>>): void;
}

/** Starts the agent as the unit boots: notes 1 BOOT, finishes what a power cut interrupted, and opens the first session. */
export function startAgent(device: Device, options: AgentOptions): Agent {
  return new RunningAgent(device, options);
}

/** A process holds thousands of these: the parts take the agent as their host, and closures are made on use, which saves memory. */
class RunningAgent implements Agent {
  readonly device: Device;
  readonly options: AgentOptions;
  readonly pending: PendingEvents;
  readonly timers: Timers;
  readonly sessions = new SessionOutcomes();
  readonly acs: AcsDiscovery;
  readonly retry: RetrySchedule;
  readonly loop: SessionLoop;
  readonly transfers: Worker;
  /** Absent where no connection requests are taken. */
  readonly endpoints: ConnectionRequestEndpoints | undefined;
  readonly ready: Promise<void>;
  readonly life: AgentLife;

  constructor(device: Device, options: AgentOptions) {
    this.device = device;
    this.options = options;
    this.pending = new PendingEvents(this);
    this.timers = new Timers(this);
    this.acs = new AcsDiscovery(device, options.cwmp?.namespace ?? '1-2');
    this.retry = new RetrySchedule(device, this.timers);
    this.loop = new SessionLoop(this);
    this.transfers = new Worker(this);
    if (options.listen) this.endpoints = new ConnectionRequestEndpoints(this, options.listen);
    const unwatch = device.config.watchers.watch((changes, source) => onChanges(this, changes, source));
    const booted = noteBoot(device);
    this.ready = booted.then(
      () => this.endpoints?.settle(),
      () => undefined,
    );
    this.life = new AgentLife(this, booted, unwatch);
  }

  get connectionRequestUrl(): string {
    return this.endpoints?.url ?? '';
  }
  get stun(): StunView {
    return this.endpoints?.stun ?? stunOff;
  }

  inform(event?: string): void {
    if (event) this.pending.happened(event);
    this.loop.want();
  }

  requestDownload(fileType: string, args: Readonly<Record<string, string>> = {}): void {
    const list = Object.entries(args).map(([Name, Value]) => ({ Name, Value }));
    if (list.length > 16) throw new UserError(400, 'too-many', 'RequestDownload takes at most 16 arguments');
    const request = { fileType, args: list };
    this.pending.note((facts, inFlight) => ledger.downloadRequested(facts, request, inFlight));
    this.loop.want();
  }

  rest(): Promise<void> {
    return restAgent(this);
  }

  resume(): Promise<void> {
    return resumeAgent(this);
  }

  due(appointment: Appointment): void {
    onDue(this, appointment);
  }

  stop(): Promise<void> {
    return this.life.stop();
  }
}

/** Milliseconds that a session under way may take to its end; our choice. */
const SESSION_END = 10_000;

async function restAgent({ device, loop, timers, endpoints }: RunningAgent): Promise<void> {
  if (loop.isOver) return;
  restTimers(timers);
  const enough = new AbortController();
  const cut = device.clock.after(SESSION_END, () => enough.abort());
  // An ACS may order the stop within a session, and has its answer before the session ends.
  enough.signal.addEventListener('abort', () => loop.interrupt(), { once: true });
  await Promise.all([endpoints?.settle(), loop.running]);
  cut.cancel();
}

async function resumeAgent({ device, loop, timers, endpoints }: RunningAgent): Promise<void> {
  if (loop.isOver) return;
  timers.resume();
  await endpoints?.settle();
  const { events, changed } = device.state.facts;
  if (events.length > 0 || changed.length > 0) loop.want();
}

function noteBoot(device: Device): Promise<void> {
  const versionPath = `${device.model.root}DeviceInfo.SoftwareVersion`;
  return device.state.record(facts => ledger.booted(facts, device.softwareVersion, versionPath));
}

/** Acts on an appointment that is due. */
function onDue(agent: RunningAgent, appointment: Appointment): void {
  const { device, loop, retry, transfers } = agent;
  switch (appointment) {
    case PERIODIC:
      agent.inform(ledger.PERIODIC);
      break;
    case SCHEDULED:
      noteScheduled(agent);
      loop.want();
      break;
    case ACTIVE:
      if (device.state.facts.changed.length > 0) loop.want();
      break;
    case REBOOT:
      loop.leave(() => device.power.reboot({ reason: 'ScheduleReboot or DelayReboot' }));
      break;
    case RETRY:
      if (retry.due()) loop.want();
      break;
    case TRANSFER:
      transfers.wake();
  }
}

/** Turns ScheduleInforms whose time has come into events. */
function noteScheduled({ device, pending, timers }: RunningAgent): void {
  // A timer may run a little before its time.
  const due = device.clock.now() + 20;
  pending.note((facts, inFlight) => ledger.scheduledDue(facts, due, inFlight));
  pending.after(() => timers.arm());
}
