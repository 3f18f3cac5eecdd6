// Traced sessions as text: a ladder for each session, with an arrow for each message.
import { rails, rungText } from '../../../shared/ladder.ts';
import type { TracedMessage, TracedSession } from '../common/traced-session.ts';

const iso = (time: number): string => new Date(time).toISOString();

export function ladder(device: string, sessions: readonly TracedSession[]): string {
  if (sessions.length === 0) return `${device}: no session was traced\n`;
  return sessions.map(session => one(device, session)).join('\n');
}

function one(device: string, session: TracedSession): string {
  const { started, ended, outcome, error, address, messages, omitted } = session;
  const end = ended === undefined ? 'not ended' : `${outcome}, ${ended - started} ms`;
  // Requests before the login is verified are older than the session.
  const first = messages[0]?.time ?? started;
  return [
    `${device}  ${iso(started)}  from ${address}  ${end}${error ? `: ${error}` : ''}`,
    rails('CPE', 'ACS'),
    ...messages.map(message => rung(message, first)),
    ...(omitted ? [` |  … ${omitted} more`] : []),
    '',
  ].join('\n');
}

function rung({ from, what, status, time, length, note }: TracedMessage, first: number): string {
  const label = status === undefined || status === 200 || what === String(status) ? what : `${status} ${what}`;
  const notes = [...(length ? [`${length} chars`] : []), ...(note ? [`(${note})`] : [])];
  return rungText({ from: from === 'cpe' ? 'left' : 'right', label, after: time - first, notes });
}
