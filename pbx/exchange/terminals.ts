// Registered terminals as all parts of the exchange see them: the SIP registrar and the gatekeeper each list theirs.
import type { DirectoryNumber } from './data.ts';

export interface RegisteredTerminal {
  dir: DirectoryNumber;
  kind: 'SIP' | 'H.323';
  /** Transport and our port that it registered at: 5060, 5061, 1719, 3727 unless configured otherwise. */
  protocol: 'udp' | 'tcp' | 'tls';
  port: number;
  remote: { host: string; port: number };
  /** Contact URI, or call signalling address. */
  contact: string;
  tls?: { version: string; cipher: string };
  /** Its own lasting identity, `urn:uuid:…`. */
  instance?: string;
  /** Product as the terminal names itself. */
  product?: string;
  /** Terminal that supports TLS and SRTP, by the table of products. */
  isSecure: boolean;
  /** Row of the policy's table that let it in, such as `Table 1 row 2`. */
  row: string;
  /** Milliseconds since the epoch. */
  since: number;
  expires: number;
}

/** Part of the exchange that terminals register at. */
export interface TerminalSource {
  terminals(dir?: DirectoryNumber): RegisteredTerminal[];
  /** Ends the registrations of a number, after it has told the terminals to read their configuration again. Returns how many there were. */
  unregister(dir: DirectoryNumber): Promise<number>;
}
