// The parts of a floor, each of which can be left out to see its cost.

export interface FloorParts {
  /** Reads the XML; otherwise the serial number alone is searched. */
  xml: boolean;
  store: 'none' | 'main' | 'thread';
  /** Issues a signed cookie with the answer to an Inform, and finds the session by it; otherwise by the connection. */
  cookie: boolean;
  /** Ends a session that nothing is heard of. */
  timer: boolean;
  /** Logs a line for each session. */
  log: boolean;
  /** Takes requests through fastify instead of node:http alone. */
  fastify?: boolean;
}

export interface FloorSetup extends FloorParts {
  file: string;
  devices: number;
  tls?: { cert: string[]; key: string[] };
}

/** The floor that ratios are told against: what any durable ACS must do for a session. */
export const floorParts: FloorParts = { xml: true, store: 'thread', cookie: true, timer: true, log: true };
/** The least: no thread, no check, no timer, no line. */
export const bareParts: FloorParts = { xml: true, store: 'main', cookie: false, timer: false, log: false };
