// Judges by the logs of all processes, apart from the code that they ran: at no time is a device in session with two of them.
import type { Line } from '../support/processes/process.ts';

/** One life of one process. */
export interface Life {
  name: string;
  lines: readonly Line[];
  /** The time at which it was seen to be dead, milliseconds since 1970; it does nothing after that. */
  died: number;
}

export interface Held {
  device: string;
  member: string;
  claim: number;
  from: number;
  to: number;
  /** `killed`: it was under way when its process died. */
  end: 'said' | 'killed';
  /** The outcome that its process logged. */
  how?: string;
}

const timeOf = (line: Line): number => Date.parse(String(line.time));

/** Every session that began, from its claim to its end. */
export function sessionsIn(lives: readonly Life[]): Held[] {
  const held: Held[] = [];
  for (const { lines, died } of lives) {
    const open = new Map<string, Held>();
    for (const line of lines) {
      const { device, member, claim } = line as { device?: string; member?: string; claim?: number };
      if (device === undefined || member === undefined || claim === undefined) continue;
      const key = `${device} ${claim}`;
      if (line.msg === 'session begins') {
        const session: Held = { device, member, claim, from: timeOf(line), to: died, end: 'killed' };
        open.set(key, session);
        held.push(session);
      } else if (line.msg === 'device session ended') {
        const session = open.get(key);
        if (session) Object.assign(session, { to: timeOf(line), end: 'said', how: String(line.error ?? line.outcome) });
      }
    }
  }
  return held;
}

/** @returns contradictions: two sessions of a device at once in two processes, or claims that do not grow */
export function contradictions(sessions: readonly Held[]): string[] {
  const found: string[] = [];
  const byDevice = new Map<string, Held[]>();
  for (const session of sessions) byDevice.set(session.device, [...(byDevice.get(session.device) ?? []), session]);
  for (const [device, all] of byDevice) {
    const inOrder = [...all].sort((a, b) => a.claim - b.claim);
    for (const [at, later] of inOrder.entries()) {
      for (const earlier of inOrder.slice(0, at)) {
        if (earlier.claim === later.claim) found.push(`${device}: claim ${later.claim} was given twice`);
        if (earlier.member !== later.member && earlier.to > later.from)
          found.push(
            `${device}: claim ${earlier.claim} with ${earlier.member} ended ${earlier.to - later.from} ms after claim ${later.claim} with ${later.member} began (${earlier.how ?? earlier.end})`,
          );
      }
    }
  }
  return found;
}
