// The last sessions of devices that an operator wants to look at, message by message, secrets masked before they come here. In
// memory of this process, bounded; gone with it.
import type { Clock } from '../../../shared/clock.ts';
import { UserError } from '../../../shared/errors.ts';
import type { EventBus } from '../../events.ts';

export interface TracedMessage {
  /** Milliseconds since 1970. */
  time: number;
  from: 'cpe' | 'acs';
  /** `Inform (0 BOOTSTRAP, 1 BOOT)`, `RebootResponse`, `Fault 9003`, `(empty)`, `401`. */
  what: string;
  /** Of an answer of the ACS. */
  status?: number;
  /** Those that a reader may want, by lower-case name. */
  headers: Record<string, string>;
  /** Length of the envelope as it was, characters. */
  length: number;
  xml?: string;
  /** Why there is no XML, or not all of it. */
  note?: string;
}

export interface TracedSession {
  started: number;
  address: string;
  ended?: number;
  outcome?: string;
  error?: string;
  messages: TracedMessage[];
  /** Messages that came after the session had grown too long to be kept whole. */
  omitted?: number;
}

export interface Traces {
  set(device: string, on: boolean): void;
  /** Forgets what was kept, and traces no more. */
  clear(device: string): void;
  isOn(device: string): boolean;
  /** Devices that are traced now. */
  watched(): string[];
  /** No device is traced: nothing need be looked at. */
  idle(): boolean;
  /** A session of a traced device begins. */
  begin(device: string, address: string): TracedSession;
  add(device: string, session: TracedSession, message: TracedMessage): void;
  /** Oldest first. */
  of(device: string): { on: boolean; sessions: readonly TracedSession[] };
  stop(): void;
}

export interface TraceLimits {
  devices: number;
  /** Per device. */
  sessions: number;
  /** Per session. */
  messages: number;
  /** Of one message, characters. */
  message: number;
  /** Of one device, characters. */
  device: number;
}

export const traceLimits: TraceLimits = {
  devices: 100,
  sessions: 10,
  messages: 1000,
  message: 256 * 1024,
  device: 1024 * 1024,
};

interface Traced {
  on: boolean;
  sessions: TracedSession[];
}

export function createTraces(context: { clock: Clock; events: EventBus }, limits = traceLimits): Traces {
  const { clock, events } = context;
  const devices = new Map<string, Traced>();
  let on = 0;

  const count = (): void => {
    on = [...devices.values()].filter(traced => traced.on).length;
  };
  const end = events.on('session', ({ device, outcome, error }) => {
    const session = devices.get(device)?.sessions.findLast(({ ended }) => ended === undefined);
    if (session) Object.assign(session, { ended: clock.now(), outcome, ...(error ? { error } : {}) });
  });

  /** The oldest sessions go first; of one that is too long by itself, the XML of its oldest messages. */
  const trim = ({ sessions }: Traced): void => {
    while (sessions.length > limits.sessions) sessions.shift();
    while (sessions.length > 1 && total(sessions) > limits.device) sessions.shift();
    for (const message of sessions[0]?.messages ?? []) {
      if (total(sessions) <= limits.device) return;
      if (message.xml === undefined) continue;
      delete message.xml;
      message.note = 'left out: the session is too long';
    }
  };

  return {
    set: (device, wanted) => {
      const known = devices.get(device);
      if (!known && wanted && devices.size >= limits.devices)
        throw new UserError(409, 'too-many-traces', `${limits.devices} devices are traced already: stop one first`);
      if (known) known.on = wanted;
      else if (wanted) devices.set(device, { on: true, sessions: [] });
      count();
    },
    clear: device => {
      devices.delete(device);
      count();
    },
    isOn: device => devices.get(device)?.on ?? false,
    watched: () => [...devices].flatMap(([device, traced]) => (traced.on ? [device] : [])),
    idle: () => on === 0,
    begin: (device, address) => {
      const session: TracedSession = { started: clock.now(), address, messages: [] };
      const traced = devices.get(device);
      traced?.sessions.push(session);
      if (traced) trim(traced);
      return session;
    },
    add: (device, session, message) => {
      const traced = devices.get(device);
      if (!traced?.sessions.includes(session)) return;
      if (session.messages.length >= limits.messages) {
        session.omitted = (session.omitted ?? 0) + 1;
        return;
      }
      session.messages.push(shortened(message, limits.message));
      trim(traced);
    },
    of: device => devices.get(device) ?? { on: false, sessions: [] },
    stop: end,
  };
}

function shortened(message: TracedMessage, limit: number): TracedMessage {
  if (message.xml === undefined || message.xml.length <= limit) return message;
  return { ...message, xml: message.xml.slice(0, limit), note: `cut after ${limit} characters` };
}

/** What is held, characters; a message without XML weighs something too. */
const total = (sessions: readonly TracedSession[]): number =>
  sessions.reduce((sum, { messages }) => sum + messages.reduce((all, { xml = '' }) => all + xml.length + 300, 0), 0);
