// Terminals of several makers that log on at the exchange, as the tests of its policies see them.

export interface Logon {
  number: string;
  /** PIN that its user enters; absent: none. */
  pin?: string | undefined;
  protocol: 'udp' | 'tcp' | 'tls';
  port: number;
}

/** The outcome as the terminal itself reports it. */
export interface LogonReport {
  isRegistered: boolean;
  /** The final answer; undefined where the terminal does not tell it. */
  status?: number;
  /** It was asked for its PIN; undefined where the terminal does not tell it. */
  wasChallenged?: boolean;
}

export interface TerminalMaker {
  /** Product of the terminal, as its User-Agent has it. */
  readonly product: string;
  logOn(logon: Logon): Promise<LogonReport>;
  /** Ends the registration, and attempts at one. */
  logOff(number: string): Promise<void>;
  stop(): Promise<void>;
}

/** SIP domain of the exchange that the terminals know. */
export const exchangeDomain = 'lab.test';

export const secureProduct = 'Mitel 6867i/4.2.0.181';
