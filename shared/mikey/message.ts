// A whole MIKEY message (RFC 3830 5.2, 6.1): the header with its crypto sessions, and a chain of payloads.
import { ByteReader, uint } from './bytes.ts';
import { MikeyError } from './error.ts';
import { type Payload, type PayloadKind, payloadBytes, payloadNumbers, readPayload } from './payloads.ts';

/** Bounds of one message; what is larger is refused. */
export const mikeyLimits = { bytes: 8192, payloads: 32, sessions: 64 } as const;

/** Table 6.1.a: the types that are taken. */
export const dataTypes = { offer: 0, answer: 1, error: 6 } as const;
type DataType = keyof typeof dataTypes;

/** 6.1.1: a stream; its crypto session id is its place in the list, from 1. */
export interface CryptoSession {
  policy: number;
  /** 0: its sender has not chosen it yet. */
  ssrc: number;
  roc: number;
}

export interface MikeyMessage {
  type: DataType;
  /** The V flag: the initiator awaits an answer. */
  wantsAnswer: boolean;
  csbId: number;
  sessions: CryptoSession[];
  payloads: Payload[];
}

/** Payloads whose repetition would leave open which one counts. */
const single: readonly PayloadKind[] = ['timestamp', 'rand', 'kemac', 'verification'];
const VERSION = 1;
const HEADER = 'the header';
const SRTP_ID = 0;

/** @throws MikeyError for anything that breaks the rules, or is not supported */
export function decodeMessage(bytes: Buffer): MikeyMessage {
  if (bytes.length > mikeyLimits.bytes)
    throw new MikeyError('unspecified', `a message has more than ${mikeyLimits.bytes} bytes`);
  const reader = new ByteReader(bytes);
  const version = reader.number(1, HEADER);
  if (version !== VERSION) throw new MikeyError('unspecified', `MIKEY version ${version}`);
  const type = typeOf(reader.number(1, HEADER));
  let next = reader.number(1, HEADER);
  const flags = reader.number(1, HEADER);
  if ((flags & 0x7f) !== 0) throw new MikeyError('prf', `pseudo-random function ${flags & 0x7f} is not supported`);
  const csbId = reader.number(4, HEADER);
  const sessions = readSessions(reader);
  const payloads: Payload[] = [];
  while (next !== 0) {
    if (payloads.length === mikeyLimits.payloads)
      throw new MikeyError('unspecified', 'a message has too many payloads');
    const following = reader.number(1, 'a payload');
    payloads.push(readPayload(next, reader));
    next = following;
  }
  if (!reader.isAtEnd) throw new MikeyError('unspecified', 'bytes follow the last payload');
  for (const kind of single)
    if (payloads.filter(payload => payload.kind === kind).length > 1)
      throw new MikeyError('unspecified', `a message has more than one ${kind} payload`);
  return { type, wantsAnswer: flags >= 0x80, csbId, sessions, payloads };
}

function typeOf(value: number): DataType {
  for (const [name, number] of Object.entries(dataTypes)) if (number === value) return name as DataType;
  throw new MikeyError('dataType', `data type ${value} is not supported`);
}

function readSessions(reader: ByteReader): CryptoSession[] {
  const count = reader.number(1, HEADER);
  const map = reader.number(1, HEADER);
  if (map !== SRTP_ID) throw new MikeyError('unspecified', `crypto session map ${map} is not supported`);
  if (count > mikeyLimits.sessions) throw new MikeyError('unspecified', `more than ${mikeyLimits.sessions} sessions`);
  return Array.from({ length: count }, () => ({
    policy: reader.number(1, HEADER),
    ssrc: reader.number(4, HEADER),
    roc: reader.number(4, HEADER),
  }));
}

export function encodeMessage({ type, wantsAnswer, csbId, sessions, payloads }: MikeyMessage): Buffer {
  const numbers = [...payloads.map(({ kind }) => payloadNumbers[kind]), 0];
  const map = sessions.flatMap(({ policy, ssrc, roc }) => [uint(1, policy), uint(4, ssrc), uint(4, roc)]);
  return Buffer.concat([
    Buffer.from([VERSION, dataTypes[type], numbers[0] ?? 0, wantsAnswer ? 0x80 : 0]),
    uint(4, csbId),
    Buffer.from([sessions.length, SRTP_ID]),
    ...map,
    ...payloads.flatMap((payload, at) => [uint(1, numbers[at + 1] ?? 0), payloadBytes(payload)]),
  ]);
}

/** The first payload of that kind. */
export function payloadOf<K extends PayloadKind>(
  { payloads }: MikeyMessage,
  kind: K,
): Extract<Payload, { kind: K }> | undefined {
  return payloads.find((payload): payload is Extract<Payload, { kind: K }> => payload.kind === kind);
}

/** @throws MikeyError where there is none */
export function mustHave<K extends PayloadKind>(message: MikeyMessage, kind: K): Extract<Payload, { kind: K }> {
  const found = payloadOf(message, kind);
  if (!found) throw new MikeyError('unspecified', `a message has no ${kind} payload`);
  return found;
}
