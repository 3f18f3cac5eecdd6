// Requests of the bench to the process that simulates SIP telephones, and its report.

/** Where the telephones register. */
export interface Place {
  host: string;
  port: number;
  protocol: 'udp' | 'tls';
  domain: string;
}

export type PhonesRequest =
  /** Telephones of the numbers from `first` on register, so many at once. */
  | { kind: 'register'; place: Place; first: number; count: number; atOnce: number; userAgent: string; expires: number }
  /** All registered ones register once more over their flows. */
  | { kind: 'refresh'; atOnce: number }
  /** Pairs of telephones call each other at an even pace, while others refresh their registrations. */
  | { kind: 'calls'; perMinute: number; seconds: number; refreshesPerSecond: number; talkMs: number }
  /** From now on a telephone that is told to read its configuration again registers anew. */
  | { kind: 'await-notify' }
  /** Answers once all have been told and have registered. */
  | { kind: 'settled'; withinMs: number };

export interface PhonesReport {
  /** Registrations that got 200. */
  registered: number;
  failed: number;
  lastError: string;
  seconds: number;
  calls?: {
    placed: number;
    /** Calls that were answered 200 and acknowledged. */
    up: number;
    /** Calls whose BYE was answered 200. */
    ended: number;
    /** Milliseconds from the INVITE to its 200. */
    setupMs: number[];
  };
  /** Telephones that were told to read their configuration again. */
  notified: number;
}
