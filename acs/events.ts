// The typed event bus of one process, for observers only: log, metrics, history, live view. No decision depends on it.
import { EventEmitter } from 'node:events';
import { clippedValue, MAX_TEXT } from '../shared/clip.ts';
import type { Version } from '../shared/cwmp/versions.ts';
import type { DeviceFault } from './device/fault.ts';
import type { DeviceRow } from './device/row.ts';
import type { Task } from './device/task.ts';

export interface AcsEvents {
  /** A CPE without valid credentials was heard. */
  knock: { device: string; address: string };
  /** Passwords are guessed from an address, or for a login: told once, until the guesses stop for a quarter of an hour. */
  guessing: { address: string; login: string; count: number };
  /** A CPE sent a wrong password, or one that was not even checked. Only for metrics; not shown live. */
  wrongPassword: { outcome: 'wrong' | 'unchecked' };
  /** A device came for the first time, or left quarantine. */
  enrolled: { device: string; state: string };
  /** A device is not managed until an operator approves it. */
  held: { device: string; reason: string; detail: string };
  /** Two Informs of a device are missing (late), or four (lost). */
  late: { device: string; lastInform: string };
  lost: { device: string; lastInform: string };
  /** A late or lost device informs again. */
  back: { device: string; was: 'late' | 'lost' };
  /** A group of devices exceeds the limit of an alert, or no longer does. */
  alert: {
    alert: string;
    state: 'firing' | 'resolved';
    severity: 'info' | 'warning' | 'critical';
    group: string;
    count: number;
    total: number;
    since: string;
    samples: string[];
  };
  /** Values that a device reported, in an Inform (then with its facts) or when read. Only for the history; not shown live. */
  values: {
    row: DeviceRow;
    list: readonly { Name: string; Value: string }[];
    inform?: { events: string[]; address: string };
  };
  /** This process has removed a device. For parts that remember devices in memory; not shown live. */
  removed: { device: string };
  inform: { device: string; events: string[]; address: string; softwareVersion: string };
  session: {
    device: string;
    /** The process that had the session, and the fencing token of its claim. */
    member: string;
    claim: number;
    outcome: 'ok' | 'lost' | 'refused';
    /** The version that the CPE speaks, by its Inform: `1.4`. */
    cwmp: Version;
    rpcs: number;
    milliseconds: number;
    events: string[];
    address: string;
    /** Bytes of the messages from the CPE and to it. */
    bytesUp: number;
    bytesDown: number;
    /** Version and cipher suite; absent without TLS. */
    tls?: string;
    /** The last fault with which the CPE has answered. */
    fault?: number;
    error?: string;
  };
  rpc: { device: string; method: string; direction: 'to-cpe' | 'to-acs'; fault?: number };
  task: { task: Task };
  fault: { fault: DeviceFault };
  faultCleared: { device: string; cause: string };
  reconciled: { device: string; revision: string; changed: number };
  /** A device is moved to another ACS; at `until` it returns by itself. */
  moving: { device: string; url: string; until: string };
  /** A managed value differs from the wanted one. */
  drift: {
    device: string;
    path: string;
    preset: string;
    state: 'corrected' | 'reported' | 'fight';
    wanted: string;
    found: string;
  };
  connectionRequest: { device: string; accepted: boolean; reason?: string };
  /** An Inform had to wait for a session. Only for metrics; not shown live. */
  waited: { outcome: 'admitted' | 'turned-away' | 'gave-up'; waitedMs: number };
  file: { device: string; task: string; file: string; bytes: number; status: number };
  /** A rollout or one of its devices made progress. */
  rollout: { rollout: string; device?: string; state: string; wave: number; reason?: string };
  /** A job or one of its devices made progress. */
  job: { job: string; device?: string; state: string; wave: number; code?: string; reason?: string };
  /** A message to a webhook was delivered, failed and will be retried, or was given up. */
  webhook: {
    webhook: string;
    notice: string;
    outcome: 'delivered' | 'failed' | 'dead';
    status?: number;
    reason?: string;
  };
  change: { what: string; name: string; by: string };
  /** The audit has grown up to this place. For webhooks; not shown live. */
  audit: { seq: number };
}

export type EventName = keyof AcsEvents;

export interface EventBus {
  emit<N extends EventName>(name: N, event: AcsEvents[N]): void;
  /** @returns ends the subscription */
  on<N extends EventName>(name: N, listener: (event: AcsEvents[N]) => void): () => void;
  /** Listens to every event of this process that is shown live. @returns ends the subscription */
  all(listener: EventListener): () => void;
  /** Listens to live events of one device, or of all, from every process of the cluster. @returns ends the subscription */
  follow(device: string | undefined, listener: EventListener): () => void;
  /** Takes an event of another process. */
  hear(name: EventName, event: AcsEvents[EventName]): void;
  /** Calls the listener whenever the set of followed devices changes. @returns ends the subscription */
  onInterest(listener: (interest: Interest) => void): () => void;
}

export type EventListener = (name: EventName, event: AcsEvents[EventName]) => void;

/** The devices whose events this process follows. */
export interface Interest {
  all: boolean;
  devices: string[];
}

export function deviceOf(event: AcsEvents[EventName]): string | undefined {
  if ('task' in event && typeof event.task === 'object') return event.task.device;
  if ('fault' in event && typeof event.fault === 'object') return event.fault.device;
  return 'device' in event ? event.device : undefined;
}

export const eventNames: readonly EventName[] = [
  'knock',
  'guessing',
  'enrolled',
  'held',
  'late',
  'lost',
  'back',
  'alert',
  'inform',
  'session',
  'rpc',
  'task',
  'fault',
  'faultCleared',
  'reconciled',
  'drift',
  'moving',
  'connectionRequest',
  'file',
  'rollout',
  'job',
  'webhook',
  'change',
];

export function createEvents(): EventBus {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  const on: EventBus['on'] = (name, listener) => {
    emitter.on(name, listener);
    return () => emitter.off(name, listener);
  };
  const all: EventBus['all'] = listener => {
    const ends = eventNames.map(name => on(name, event => listener(name, event)));
    return () => {
      for (const end of ends) end();
    };
  };
  const followers = new Followers();
  // Without followers no event is inspected.
  let stop: (() => void) | undefined;
  return {
    emit: (name, event) => {
      emitter.emit(name, clippedEvent(event));
    },
    on,
    all,
    follow: (device, listener) => {
      const end = followers.add(device, listener);
      stop ??= all((name, event) => followers.tell(name, event));
      return () => {
        end();
        if (!followers.isEmpty()) return;
        stop?.();
        stop = undefined;
      };
    },
    hear: (name, event) => followers.tell(name, event),
    onInterest: listener => followers.onInterest(listener),
  };
}

/** The event with the texts that CPEs and users have chosen clipped. Rows, tasks and faults are bounded where they are made. */
function clippedEvent(event: AcsEvents[EventName]): AcsEvents[EventName] {
  let copy: Record<string, unknown> | undefined;
  for (const name in event) {
    const value = (event as unknown as Record<string, unknown>)[name];
    const isText = typeof value === 'string' && value.length > MAX_TEXT;
    const isList = Array.isArray(value) && value.some(entry => typeof entry === 'string' && entry.length > MAX_TEXT);
    if (!isText && !isList) continue;
    copy ??= { ...event };
    copy[name] = clippedValue(value);
  }
  return (copy as AcsEvents[EventName] | undefined) ?? event;
}

class Followers {
  /** By device; '' stands for all devices. */
  readonly #byDevice = new Map<string, Set<{ listener: EventListener }>>();
  readonly #interested = new Set<(interest: Interest) => void>();

  isEmpty(): boolean {
    return this.#byDevice.size === 0;
  }

  /** @returns ends the subscription */
  add(device = '', listener: EventListener): () => void {
    const entry = { listener };
    const known = this.#byDevice.get(device);
    if (known) known.add(entry);
    else {
      this.#byDevice.set(device, new Set([entry]));
      this.#tellInterest();
    }
    return () => {
      const remaining = this.#byDevice.get(device);
      if (!remaining?.delete(entry) || remaining.size > 0) return;
      this.#byDevice.delete(device);
      this.#tellInterest();
    };
  }

  tell(name: EventName, event: AcsEvents[EventName]): void {
    for (const { listener } of this.#byDevice.get('') ?? []) listener(name, event);
    const device = deviceOf(event);
    for (const { listener } of (device && this.#byDevice.get(device)) || []) listener(name, event);
  }

  onInterest(listener: (interest: Interest) => void): () => void {
    this.#interested.add(listener);
    return () => this.#interested.delete(listener);
  }

  #tellInterest(): void {
    const devices = [...this.#byDevice.keys()].filter(device => device !== '');
    for (const listener of this.#interested) listener({ all: this.#byDevice.has(''), devices });
  }
}
