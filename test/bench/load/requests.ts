// Requests of the bench to the load process, and its reports.
import type { SessionResult, SessionSettings } from './session.ts';

/** The devices that take part: `count` of them, spread evenly over the stored ones. */
export interface Participants {
  count: number;
  stored: number;
  /** The first one; default: 0. */
  from?: number;
}

export const participant = ({ count, stored, from = 0 }: Participants, nth: number): number =>
  from + (nth % count) * Math.max(1, Math.floor(stored / count));

export type LoadRequest = { settings: SessionSettings; devices: Participants } & (
  | {
      kind: 'closed';
      sessions: number;
      concurrency: number;
      /** The ParameterKey that each device reports, by its number; default: none. */
      keys?: Record<number, string>;
    }
  /** Arrivals at random (Poisson), whether or not earlier ones are through. */
  | { kind: 'open'; sessions: number; perSecond: number; seed: number }
  /**
   * All at once, each from an address of its own; a CPE that gets 503 comes again by the retry table, its times divided by `compression`.
   * `atOnce` bounds the sockets of the load: the others wait for one. `spreadMs`: the first attempts come at random within that time.
   */
  | { kind: 'storm'; compression: number; seed: number; atOnce?: number; spreadMs?: number }
  /** A CPE that takes connection requests; answered once the ACS knows its URL. */
  | { kind: 'reachable'; number: number; demands: 'digest' | 'nothing' }
);

export interface LoadReport {
  sessions: number;
  failed: number;
  seconds: number;
  /** Requests of the server that were answered. */
  rpcs: number;
  /** Parameter values that the CPEs have sent. */
  values: number;
  /** Bytes that the CPEs wrote to and read from their connections, headers included; over TLS those before encryption. */
  sent: number;
  received: number;
  /** Sessions over a resumed TLS session. */
  resumed: number;
  /** Version and suite of TLS in the last session. */
  agreed: string;
  /** Sessions that began with a 401. */
  challenged: number;
  /** Milliseconds of each session; in an open loop from its intended start. */
  times: number[];
  lastError: string;
  storm?: { attempts: number; turnedAway: number; longestMs: number; longestAttemptMs: number };
  /** Where the reachable CPE listens. */
  url?: string;
}

export const emptyReport = (): LoadReport => ({
  sessions: 0,
  failed: 0,
  seconds: 0,
  rpcs: 0,
  values: 0,
  sent: 0,
  received: 0,
  resumed: 0,
  agreed: '',
  challenged: 0,
  times: [],
  lastError: '',
});

/** Adds what a session transferred. */
export function addResult(report: LoadReport, result: SessionResult): void {
  for (const what of ['rpcs', 'values', 'sent', 'received'] as const) report[what] += result[what];
  report.resumed += Number(result.resumed);
  report.challenged += Number(result.challenged);
  report.agreed = result.agreed;
}
