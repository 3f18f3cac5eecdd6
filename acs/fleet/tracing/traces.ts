// Traces: the last sessions of chosen devices, message by message, with secrets masked by the caller. Kept in the memory of this process
// and bounded.
import type { Clock } from '../../../shared/clock.ts';
import { UserError } from '../../errors.ts';
import type { AcsEvents, EventBus } from '../../events.ts';
import type { TracedMessage, TracedSession } from '../common/traced-session.ts';

export interface TraceLimits {
  devices: number;
  /** Per device. */
  sessions: number;
  /** Per session. */
  messages: number;
  /** Per message, characters. */
  message: number;
  /** Per device, characters. */
  device: number;
}

export const traceLimits: TraceLimits = {
  devices: 100,
  sessions: 10,
  messages: 1000,
  message: 256 * 1024,
  device: 1024 * 1024,
};

interface DeviceTrace {
  on: boolean;
  sessions: TracedSession[];
}

export class Traces {
  readonly #clock: Clock;
  readonly #limits: TraceLimits;
  readonly #devices = new Map<string, DeviceTrace>();
  readonly #unsubscribe: () => void;
  #active = 0;

  constructor({ clock, events }: { clock: Clock; events: EventBus }, limits = traceLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#unsubscribe = events.on('session', event => this.#end(event));
  }

  /** Begins or pauses the trace of a device. @throws UserError 409 beyond the limit */
  set(device: string, on: boolean): void {
    const known = this.#devices.get(device);
    const { devices } = this.#limits;
    if (!known && on && this.#devices.size >= devices)
      throw new UserError(409, 'too-many-traces', `${devices} devices are traced already: stop one first`);
    if (known) known.on = on;
    else if (on) this.#devices.set(device, { on: true, sessions: [] });
    this.#active = this.watched().length;
  }

  /** Ends the trace of a device and forgets its sessions. */
  clear(device: string): void {
    this.#devices.delete(device);
    this.#active = this.watched().length;
  }

  isOn(device: string): boolean {
    return this.#devices.get(device)?.on ?? false;
  }

  /** The devices that are traced now. */
  watched(): string[] {
    return [...this.#devices].flatMap(([device, { on }]) => (on ? [device] : []));
  }

  /** Holds while no device is traced, so that no message need be looked at. */
  idle(): boolean {
    return this.#active === 0;
  }

  /** Adds a session of a traced device. */
  begin(device: string, address: string): TracedSession {
    const session: TracedSession = { started: this.#clock.now(), address, messages: [] };
    const trace = this.#devices.get(device);
    trace?.sessions.push(session);
    if (trace) trim(trace, this.#limits);
    return session;
  }

  add(device: string, session: TracedSession, message: TracedMessage): void {
    const trace = this.#devices.get(device);
    if (!trace?.sessions.includes(session)) return;
    if (session.messages.length >= this.#limits.messages) {
      session.omitted = (session.omitted ?? 0) + 1;
      return;
    }
    session.messages.push(shortened(message, this.#limits.message));
    trim(trace, this.#limits);
  }

  /** The sessions of a device, the oldest first. */
  of(device: string): { on: boolean; sessions: readonly TracedSession[] } {
    return this.#devices.get(device) ?? { on: false, sessions: [] };
  }

  stop(): void {
    this.#unsubscribe();
  }

  #end({ device, claim, outcome, error }: AcsEvents['session']): void {
    const session = this.#devices.get(device)?.sessions.findLast(({ ended }) => ended === undefined);
    if (session) Object.assign(session, { ended: this.#clock.now(), claim, outcome, ...(error ? { error } : {}) });
  }
}

/** Drops the oldest sessions, then the XML of the oldest messages of a single session that is too long. */
function trim({ sessions }: DeviceTrace, limits: TraceLimits): void {
  while (sessions.length > limits.sessions) sessions.shift();
  while (sessions.length > 1 && total(sessions) > limits.device) sessions.shift();
  for (const message of sessions[0]?.messages ?? []) {
    if (total(sessions) <= limits.device) return;
    if (message.xml === undefined) continue;
    delete message.xml;
    message.note = 'left out: the session is too long';
  }
}

function shortened(message: TracedMessage, limit: number): TracedMessage {
  if (message.xml === undefined || message.xml.length <= limit) return message;
  return { ...message, xml: message.xml.slice(0, limit), note: `cut after ${limit} characters` };
}

/** Characters that are held; a message counts for more than its XML. */
const total = (sessions: readonly TracedSession[]): number =>
  sessions.reduce((sum, { messages }) => sum + messages.reduce((all, { xml = '' }) => all + xml.length + 300, 0), 0);
