// The records of sessions as every store keeps them: packed into some hundred bytes, the newest of each device.

/** One session of a device that has ended. */
export interface SessionRecord {
  /** Times in milliseconds. */
  started: number;
  ended: number;
  /** Fencing token of its claim, by which sessions of the same time are told apart. */
  claim: number;
  /** Event codes of its Inform. */
  events: readonly string[];
  outcome: string;
  /** The last fault with which the CPE has answered an RPC. */
  fault?: number;
  rpcs: number;
  /** Bytes of the messages from the CPE and to it, as they were sent. */
  bytesUp: number;
  bytesDown: number;
  /** Version and cipher suite; absent without TLS. */
  tls?: string;
  address: string;
  /** The end of a session that was lost. */
  error?: string;
}

/** The place of a record in the list of its device. */
export type SessionPlace = Pick<SessionRecord, 'started' | 'claim'>;

export interface SessionsQuery {
  device: string;
  limit: number;
  /** Only those before this one. */
  before?: SessionPlace;
}

/** Most records of one device. */
export const MAX_SESSIONS = 50;
const MAX_ERROR = 200;

/** All but the place, which is the key of the record, as JSON without names. */
export function packedSession(record: SessionRecord): unknown[] {
  const { started, ended, events, outcome, fault, rpcs, bytesUp, bytesDown, tls, address, error } = record;
  const rest = [fault ?? 0, tls ?? '', (error ?? '').slice(0, MAX_ERROR)];
  return [ended - started, events, outcome, rpcs, bytesUp, bytesDown, address, ...rest];
}

type Packed = [number, string[], string, number, number, number, string, number, string, string];

export function unpackedSession({ started, claim }: SessionPlace, text: string): SessionRecord {
  const [took, events, outcome, rpcs, bytesUp, bytesDown, address, fault, tls, error] = JSON.parse(text) as Packed;
  return {
    ...{ started, ended: started + took, claim, events, outcome, rpcs, bytesUp, bytesDown, address },
    ...(fault ? { fault } : {}),
    ...(tls ? { tls } : {}),
    ...(error ? { error } : {}),
  };
}
