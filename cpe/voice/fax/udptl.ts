// UDPTL (ITU-T T.38 9.1): IFP packets over UDP, each datagram with the ones before it, so that lost datagrams cost nothing.

interface UdptlPacket {
  /** 16 bits. */
  sequence: number;
  primary: Buffer;
  /** The IFP packets before it, latest first. */
  secondaries: Buffer[];
}

/** Longest IFP packet that is read; those of a page are below 100 bytes. */
const MOST_BYTES = 1024;
/** Earlier packets in one datagram; the unit itself sends up to 5. */
const MOST_SECONDARIES = 16;

/** PER: the length of an open type, in one byte or two (ITU-T X.691 10.9). */
function lengthBytes(length: number): Buffer {
  return length < 0x80 ? Buffer.from([length]) : Buffer.from([0x80 | (length >> 8), length & 0xff]);
}

/** @throws RangeError for an IFP packet that is empty or too long */
export function encodeUdptl({ sequence, primary, secondaries }: UdptlPacket): Buffer {
  for (const { length } of [primary, ...secondaries])
    if (length === 0 || length > MOST_BYTES) throw new RangeError('not an IFP packet');
  return Buffer.concat([
    Buffer.from([sequence >> 8, sequence & 0xff]),
    lengthBytes(primary.length),
    primary,
    // Choice 0: packets, not forward error correction.
    Buffer.from([0, secondaries.length]),
    ...secondaries.flatMap(packet => [lengthBytes(packet.length), packet]),
  ]);
}

/** Reads open types one behind the other. */
class OpenTypes {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  byte(): number | undefined {
    return this.#bytes[this.#at++];
  }

  next(): Buffer | undefined {
    const first = this.byte();
    if (first === undefined) return undefined;
    let length = first;
    if (first >= 0x80) {
      const second = this.byte();
      // A fragmented length (0xC0) has no place in a datagram.
      if (second === undefined || first >= 0xc0) return undefined;
      length = ((first & 0x3f) << 8) | second;
    }
    const end = this.#at + length;
    if (length === 0 || length > MOST_BYTES || end > this.#bytes.length) return undefined;
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }
}

/** Undefined for what is no UDPTL packet. Forward error correction is stepped over: its packets count without the earlier ones. */
export function decodeUdptl(bytes: Buffer): UdptlPacket | undefined {
  if (bytes.length < 4) return undefined;
  const types = new OpenTypes(bytes, 2);
  const primary = types.next();
  if (!primary) return undefined;
  const packet: UdptlPacket = { sequence: bytes.readUInt16BE(0), primary, secondaries: [] };
  const choice = types.byte();
  if (choice === undefined) return undefined;
  if (choice & 0x80) return packet;
  const count = types.byte();
  if (count === undefined || count > MOST_SECONDARIES) return undefined;
  for (let i = 0; i < count; i++) {
    const secondary = types.next();
    if (!secondary) return undefined;
    packet.secondaries.push(secondary);
  }
  return packet;
}

/** Numbers the packets of one direction and repeats the earlier ones. */
export class UdptlSender {
  readonly #redundancy: number;
  readonly #maxBytes: number;
  #earlier: Buffer[] = [];
  #sequence = 0;

  /** @param redundancy earlier packets in each datagram, fewer where it would be longer than `maxBytes` */
  constructor(redundancy: number, maxBytes = Number.POSITIVE_INFINITY) {
    this.#redundancy = redundancy;
    this.#maxBytes = maxBytes;
  }

  next(primary: Buffer): Buffer {
    const secondaries = [...this.#earlier];
    let bytes = encodeUdptl({ sequence: this.#sequence, primary, secondaries });
    while (bytes.length > this.#maxBytes && secondaries.pop())
      bytes = encodeUdptl({ sequence: this.#sequence, primary, secondaries });
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#earlier = [primary, ...this.#earlier].slice(0, this.#redundancy);
    return bytes;
  }
}

/** Puts the packets of one direction in order and fills gaps from the repetitions. */
export class UdptlReceiver {
  #next: number | undefined;
  /** Datagrams of the peer, and IFP packets that no datagram brought. */
  received = 0;
  lost = 0;

  /** The IFP packets that are new with this datagram, in order; undefined where it is none. */
  take(bytes: Buffer): Buffer[] | undefined {
    const packet = decodeUdptl(bytes);
    if (!packet) return undefined;
    this.received++;
    const { sequence, primary, secondaries } = packet;
    // The first number is 0 (T.38 9.1.2.1): what is missing before the first datagram was repeated in it.
    const missed = this.#next === undefined ? Math.min(sequence, secondaries.length) : (sequence - this.#next) & 0xffff;
    // Older than expected: it came before, or its repetition did.
    if (missed >= 0x8000) return [];
    this.#next = (sequence + 1) & 0xffff;
    const recovered = secondaries.slice(0, missed).reverse();
    this.lost += missed - recovered.length;
    return [...recovered, primary];
  }
}
