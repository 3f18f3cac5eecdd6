// Traced sessions as text: a ladder for each session, with an arrow for each message.
import type { TracedMessage, TracedSession } from '../common/traced-session.ts';

const WIDTH = 62;
const iso = (time: number): string => new Date(time).toISOString();

export function ladder(device: string, sessions: readonly TracedSession[]): string {
  if (sessions.length === 0) return `${device}: no session was traced\n`;
  return sessions.map(session => one(device, session)).join('\n');
}

function one(device: string, session: TracedSession): string {
  const { started, ended, outcome, error, address, messages, omitted } = session;
  const end = ended === undefined ? 'not ended' : `${outcome}, ${ended - started} ms`;
  return [
    `${device}  ${iso(started)}  from ${address}  ${end}${error ? `: ${error}` : ''}`,
    `CPE${' '.repeat(WIDTH - 4)}ACS`,
    ...messages.map(message => rung(message, started)),
    ...(omitted ? [` |  … ${omitted} more`] : []),
    '',
  ].join('\n');
}

function rung(message: TracedMessage, started: number): string {
  const { from, what, status, time, length, note } = message;
  const said = status === undefined || status === 200 || what === String(status) ? what : `${status} ${what}`;
  const label = clean(said).slice(0, WIDTH - 12);
  const line = '-'.repeat(Math.max(2, WIDTH - 9 - label.length));
  const arrow = from === 'cpe' ? `|-- ${label} ${line}>|` : `|<-- ${label} ${line}|`;
  return ` ${arrow}  +${time - started} ms${length ? `  ${length} chars` : ''}${note ? `  (${note})` : ''}`;
}

/** Replaces control characters, because texts of a device may hold any and a terminal must not get them. */
const clean = (text: string): string => text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
