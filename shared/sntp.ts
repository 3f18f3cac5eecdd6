// SNTP (RFC 4330, RFC 5905): one question for the time over UDP, what makes an answer believable, and how to answer.
import type { Socket } from 'node:dgram';
import type { Clock, Random } from './clock.ts';
import { bindUdp } from './net/udp.ts';

/** Seconds from 1900 to 1970. */
const EPOCH = 2_208_988_800n;
const SIZE = 48;
/** Leap indicator of a server whose own clock is not set. */
const ALARM = 3;

interface SntpPacket {
  leap: number;
  version: number;
  mode: number;
  stratum: number;
  poll: number;
  precision: number;
  /** Seconds. */
  rootDelay: number;
  rootDispersion: number;
  /** Four bytes; letters where the stratum is 0 or 1. */
  referenceId: Buffer;
  /** Timestamps as on the wire: 32 bits of seconds since 1900 and 32 of their fraction; 0 is unknown. */
  reference: bigint;
  originate: bigint;
  receive: bigint;
  transmit: bigint;
}

export interface SntpAnswer {
  /** To be added to the asking clock, milliseconds. */
  offset: number;
  /** Time on the way there and back, milliseconds. */
  delay: number;
  stratum: number;
  /** Milliseconds since 1970, at the moment of the answer. */
  time: number;
}

/** A server answered, but must not be believed. */
export class SntpRefused extends Error {
  override readonly name = 'SntpRefused';
}

/** A server wants to be asked less often (`RATE`) or not at all (RFC 4330 10): the same question again would make it worse. */
export class SntpKissOfDeath extends SntpRefused {
  /** Four letters: DENY, RSTR, RATE, … */
  readonly reason: string;

  constructor(referenceId: Buffer) {
    const reason = referenceId.toString('latin1').replace(/[^A-Z0-9]/gi, '');
    super(`kiss of death ${reason}`);
    this.reason = reason;
  }
}

export function decodePacket(bytes: Buffer): SntpPacket | undefined {
  if (bytes.length < SIZE) return undefined;
  const first = bytes[0] ?? 0;
  return {
    leap: first >> 6,
    version: (first >> 3) & 7,
    mode: first & 7,
    stratum: bytes.readUInt8(1),
    poll: bytes.readInt8(2),
    precision: bytes.readInt8(3),
    rootDelay: bytes.readInt32BE(4) / 65536,
    rootDispersion: bytes.readUInt32BE(8) / 65536,
    referenceId: Buffer.from(bytes.subarray(12, 16)),
    reference: bytes.readBigUInt64BE(16),
    originate: bytes.readBigUInt64BE(24),
    receive: bytes.readBigUInt64BE(32),
    transmit: bytes.readBigUInt64BE(40),
  };
}

export function encodePacket(packet: SntpPacket): Buffer {
  const bytes = Buffer.alloc(SIZE);
  bytes[0] = (packet.leap << 6) | (packet.version << 3) | packet.mode;
  bytes.writeUInt8(packet.stratum, 1);
  bytes.writeInt8(packet.poll, 2);
  bytes.writeInt8(packet.precision, 3);
  bytes.writeInt32BE(Math.round(packet.rootDelay * 65536), 4);
  bytes.writeUInt32BE(Math.round(packet.rootDispersion * 65536), 8);
  packet.referenceId.copy(bytes, 12, 0, 4);
  bytes.writeBigUInt64BE(packet.reference, 16);
  bytes.writeBigUInt64BE(packet.originate, 24);
  bytes.writeBigUInt64BE(packet.receive, 32);
  bytes.writeBigUInt64BE(packet.transmit, 40);
  return bytes;
}

/** Milliseconds since 1970 → timestamp. Seconds wrap in 2036 (RFC 4330 3). */
export function toTimestamp(ms: number): bigint {
  const micros = BigInt(Math.round(ms * 1000));
  const seconds = micros >= 0n ? micros / 1_000_000n : -((-micros + 999_999n) / 1_000_000n);
  const fraction = ((micros - seconds * 1_000_000n) << 32n) / 1_000_000n;
  return BigInt.asUintN(64, ((seconds + EPOCH) << 32n) | fraction);
}

/** Timestamp → milliseconds since 1970. With the highest bit set it lies in 1968 to 2036, else in 2036 to 2104 (RFC 4330 3). */
export function fromTimestamp(timestamp: bigint): number {
  const era = timestamp >> 63n === 1n ? 0n : 1n << 32n;
  const seconds = (timestamp >> 32n) + era - EPOCH;
  return Number(seconds) * 1000 + Number(((timestamp & 0xffff_ffffn) * 1_000_000n) >> 32n) / 1000;
}

/** A client's question. Only the transmit timestamp has a meaning (RFC 4330 5). */
export function question(transmit: bigint): Buffer {
  const nothing = { leap: 0, stratum: 0, poll: 0, precision: 0, rootDelay: 0, rootDispersion: 0 };
  const times = { reference: 0n, originate: 0n, receive: 0n, transmit };
  return encodePacket({ ...nothing, version: 4, mode: 3, referenceId: Buffer.alloc(4), ...times });
}

/**
 * Judges an answer to a question that was sent with `transmit` at `sent` and answered at `received` (RFC 4330 5, RFC 5905 8).
 * @returns undefined for what is no answer to this question (late, forged, another protocol): to be ignored
 * @throws SntpRefused for an answer whose time must not be used
 */
export function acceptAnswer(bytes: Buffer, transmit: bigint, sent: number, received: number): SntpAnswer | undefined {
  const packet = decodePacket(bytes);
  if (packet?.mode !== 4 || packet.originate !== transmit) return undefined;
  if (packet.version < 1 || packet.version > 4) throw new SntpRefused(`version ${packet.version}`);
  if (packet.stratum === 0) throw new SntpKissOfDeath(packet.referenceId);
  if (packet.stratum > 15) throw new SntpRefused(`stratum ${packet.stratum}`);
  if (packet.leap === ALARM) throw new SntpRefused('its clock is not set');
  if (packet.transmit === 0n || packet.receive === 0n) throw new SntpRefused('it tells no time');
  if (packet.rootDelay < 0 || packet.rootDelay >= 16 || packet.rootDispersion >= 16)
    throw new SntpRefused('too inexact');
  const [t2, t3] = [fromTimestamp(packet.receive), fromTimestamp(packet.transmit)];
  if (t3 < t2) throw new SntpRefused('it answered before it was asked');
  const offset = (t2 - sent + (t3 - received)) / 2;
  return { offset, delay: received - sent - (t3 - t2), stratum: packet.stratum, time: received + offset };
}

interface SntpQuery {
  /** Name or address. */
  host: string;
  /** 123 by default. */
  port?: number;
  /** Address to ask from. */
  localAddress?: string;
  clock: Clock;
  /** Fills the low bits of the question, so that no one off the path can forge an answer. */
  random?: Random;
  signal?: AbortSignal;
  /** 5000 by default. */
  timeoutMs?: number;
}

/**
 * Asks a server once.
 * @throws SntpRefused, an AbortError, or an Error with the reason for the missing answer (no such host, no answer in time)
 */
export async function querySntp(query: SntpQuery): Promise<SntpAnswer> {
  const { clock, host, port = 123, signal, timeoutMs = 5000 } = query;
  signal?.throwIfAborted();
  const socket = await bindUdp({ address: query.localAddress, family: host.includes(':') ? 6 : 4 });
  const cancel = new AbortController();
  const either = signal ? AbortSignal.any([signal, cancel.signal]) : cancel.signal;
  try {
    // The first result counts; a later rejection is ignored.
    return await Promise.race([
      ask(socket, { ...query, port }),
      clock.sleep(timeoutMs, either).then(() => {
        throw new Error(`no answer from ${host}:${port} within ${timeoutMs} ms`);
      }),
    ]);
  } finally {
    cancel.abort();
    socket.close();
  }
}

async function ask(socket: Socket, { clock, host, port, random }: SntpQuery): Promise<SntpAnswer> {
  return await new Promise((resolve, reject) => {
    let transmit = 0n;
    let sent = 0;
    socket.on('error', reject);
    // The socket is connected: only datagrams of the server's own address and port arrive.
    socket.on('message', bytes => {
      try {
        const answer = acceptAnswer(bytes, transmit, sent, clock.now());
        if (answer) resolve(answer);
      } catch (error) {
        reject(error);
      }
    });
    socket.connect(port ?? 123, host, (...failure: unknown[]) => {
      if (failure[0]) return reject(failure[0]);
      sent = clock.now();
      const low = random ? BigInt(random.bytes(2).readUInt16BE()) : 0n;
      transmit = (toTimestamp(sent) & ~0xffffn) | low;
      socket.send(question(transmit), error => error && reject(error));
    });
  });
}
