// A traced session: its messages in order, with secrets masked.

export interface TracedMessage {
  /** Milliseconds since 1970. */
  time: number;
  from: 'cpe' | 'acs';
  /** `Inform (0 BOOTSTRAP, 1 BOOT)`, `RebootResponse`, `Fault 9003`, `(empty)`, `401`. */
  what: string;
  /** The HTTP status of an answer of the ACS. */
  status?: number;
  /** Headers that help a reader, by lower-case name. */
  headers: Record<string, string>;
  /** The length of the whole envelope, characters. */
  length: number;
  xml?: string;
  /** The reason why the XML is missing or cut. */
  note?: string;
}

export interface TracedSession {
  started: number;
  address: string;
  ended?: number;
  /** Fencing token of its claim, once it has ended: the same as in its record. */
  claim?: number;
  outcome?: string;
  error?: string;
  messages: TracedMessage[];
  /** The number of messages after the session had reached its bound. */
  omitted?: number;
}

/** The trace of a device. */
export interface TracedDevice {
  on: boolean;
  /** The time at which it stops by itself. */
  until?: number;
  /** The oldest first. */
  sessions: readonly TracedSession[];
}
