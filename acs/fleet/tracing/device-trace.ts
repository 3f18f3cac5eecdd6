// The trace of one device: its last sessions, bounded, until it is stopped or ends by itself.
import type { TracedMessage, TracedSession } from '../common/traced-session.ts';

/** Bounds of a trace. */
export interface TraceBounds {
  sessions: number;
  /** Per session. */
  messages: number;
  /** Per message, characters. */
  message: number;
  /** Of all sessions, characters. */
  device: number;
}

export class DeviceTrace {
  readonly sessions: TracedSession[] = [];
  #isOn = false;
  #until: number | undefined;

  /** @param until it stops by itself then */
  set(isOn: boolean, until: number | undefined): void {
    this.#isOn = isOn;
    this.#until = isOn ? until : undefined;
  }

  isRunning(now: number): boolean {
    return this.#isOn && (this.#until === undefined || now < this.#until);
  }

  /** The time at which it stops by itself. */
  endAfter(now: number): number | undefined {
    return this.isRunning(now) ? this.#until : undefined;
  }

  begin(session: TracedSession, bounds: TraceBounds): void {
    this.sessions.push(session);
    this.#trim(bounds);
  }

  add(session: TracedSession, message: TracedMessage, bounds: TraceBounds): void {
    if (!this.sessions.includes(session)) return;
    if (session.messages.length >= bounds.messages) {
      session.omitted = (session.omitted ?? 0) + 1;
      return;
    }
    session.messages.push(shortened(message, bounds.message));
    this.#trim(bounds);
  }

  /** Drops the oldest sessions, then the XML of the oldest messages of a single session that is too long. */
  #trim(bounds: TraceBounds): void {
    const { sessions } = this;
    while (sessions.length > bounds.sessions) sessions.shift();
    while (sessions.length > 1 && total(sessions) > bounds.device) sessions.shift();
    for (const message of sessions[0]?.messages ?? []) {
      if (total(sessions) <= bounds.device) return;
      if (message.xml === undefined) continue;
      delete message.xml;
      message.note = 'left out: the session is too long';
    }
  }
}

function shortened(message: TracedMessage, limit: number): TracedMessage {
  if (message.xml === undefined || message.xml.length <= limit) return message;
  return { ...message, xml: message.xml.slice(0, limit), note: `cut after ${limit} characters` };
}

/** Characters that are held; a message counts for more than its XML. */
const total = (sessions: readonly TracedSession[]): number =>
  sessions.reduce((sum, { messages }) => sum + messages.reduce((all, { xml = '' }) => all + xml.length + 300, 0), 0);
