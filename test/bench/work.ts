// The work of a round, as the load and the server must both have seen it: a figure of less work would be a lie.
import type { LoadReport } from './load/requests.ts';

/** Work of one session. */
export interface Work {
  /** Requests of the server. */
  rpcs: number;
  /** Parameter values that the CPE sends: those of its Inform, and those of its answers. */
  values: number;
  /** Those of the Inform alone, which a 401 makes the CPE send again. */
  informed: number;
  /** Bytes of the CPE's messages, without HTTP headers. */
  sent: number;
}

/** Totals of a server since its start, counted by itself. */
export interface Seen {
  /** Sessions that ended well. */
  sessions: number;
  /** Requests of the server that were answered. */
  rpcs: number;
  /** Parameter values stored; absent where the server does not count them. */
  values?: number;
}

/** The most that HTTP headers add to a message. */
const HEADER_BYTES = 1000;
/** The least that an answer to an Inform, and a request of the server, come to. */
const ANSWER_BYTES = 250;

export const seenBetween = (before: Seen, after: Seen): Seen => ({
  sessions: after.sessions - before.sessions,
  rpcs: after.rpcs - before.rpcs,
  ...(after.values === undefined ? {} : { values: after.values - (before.values ?? 0) }),
});

/** Differences between the work that a row claims and the work that was done, in words; empty where there are none. */
export function workMissing(work: Work, report: LoadReport, seen: Seen | undefined): string[] {
  const { sessions } = report;
  const found: string[] = [];
  const exactly = (what: string, got: number | undefined, each: number): void => {
    if (got !== undefined && got !== sessions * each) found.push(`${what}: ${got / sessions} a session, not ${each}`);
  };
  exactly('requests answered by the CPEs', report.rpcs, work.rpcs);
  exactly('parameter values sent', report.values - report.challenged * work.informed, work.values);
  const sent = report.sent / sessions;
  // A session is an Inform, an empty POST and an answer to each request; a 401 makes one more.
  const posts = 2 + work.rpcs + report.challenged / sessions;
  const again = (work.sent * report.challenged) / sessions;
  if (sent < work.sent || sent > work.sent + again + posts * HEADER_BYTES)
    found.push(`bytes sent: ${Math.round(sent)} a session, not ${work.sent} and headers`);
  const received = report.received / sessions;
  if (received < ANSWER_BYTES * (1 + work.rpcs))
    found.push(`bytes received: ${Math.round(received)} a session, fewer than its answers have`);
  if (seen) {
    exactly('sessions seen by the server', seen.sessions, 1);
    exactly('answers seen by the server', seen.rpcs, work.rpcs);
    exactly('parameter values stored', seen.values, work.values);
  }
  return found;
}

/** Bytes each way, as the table tells them. */
export function transferred(report: LoadReport): string {
  const kb = (bytes: number): string => (bytes / report.sessions / 1024).toFixed(1);
  return `${kb(report.sent)} KB in, ${kb(report.received)} KB out`;
}
