// SRTP and SRTCP (RFC 3711, AES-256 by RFC 6188): keys derived once, packets protected and unprotected one by one.
// A receiver learns SSRCs as they come (RFC 4568 6.4.1) and changes no state before the tag has been verified.
import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto';

export interface SrtpSuite {
  cipher: 'aes-128' | 'aes-256' | 'null';
  /** Bytes of the master key; the session key is as long. */
  keyLength: number;
  saltLength: 14;
  /** Bytes of the tag on RTP. */
  tagLength: 10 | 4;
  /** Bytes of the tag on RTCP: never shortened, RFC 4568 6.2.2. */
  rtcpTagLength: 10;
}

const suite = (cipher: SrtpSuite['cipher'], keyLength: number, tagLength: 10 | 4): SrtpSuite => ({
  cipher,
  keyLength,
  saltLength: 14,
  tagLength,
  rtcpTagLength: 10,
});

/** The last is no SDES suite (RFC 4568 10.3 registers none without encryption): it is what MIKEY can ask for. */
export const srtpSuites = {
  AES_CM_128_HMAC_SHA1_80: suite('aes-128', 16, 10),
  AES_CM_128_HMAC_SHA1_32: suite('aes-128', 16, 4),
  AES_256_CM_HMAC_SHA1_80: suite('aes-256', 32, 10),
  AES_256_CM_HMAC_SHA1_32: suite('aes-256', 32, 4),
  NULL_HMAC_SHA1_80: suite('null', 16, 10),
} as const satisfies Record<string, SrtpSuite>;
export type SrtpSuiteName = keyof typeof srtpSuites;

export const isSuite = (name: string): name is SrtpSuiteName => Object.hasOwn(srtpSuites, name);

/** One direction's secret: what SDES carries or MIKEY derives. */
export interface SrtpKeying {
  suite: SrtpSuiteName;
  key: Buffer;
  salt: Buffer;
  /** Written between packet and tag, RFC 3711 3.1. */
  mki?: Buffer;
  /** The only source under this key, as MIKEY names it; absent: any, as it comes (RFC 4568 6.4.1). */
  ssrc?: number;
  /** Roll-over counter of the first packet; 0 by default. */
  roc?: number;
}

type RefusedPacket = 'malformed' | 'authentication' | 'replay' | 'other-source' | 'too-many-sources';
export type Unprotected = { ok: true; packet: Buffer } | { ok: false; reason: RefusedPacket };

const refused = (reason: RefusedPacket): Unprotected => ({ ok: false, reason });

/** RFC 3711 4.3.1: the labels of what is derived from a master key. */
const labels = { rtpKey: 0, rtpAuth: 1, rtpSalt: 2, rtcpKey: 3, rtcpAuth: 4, rtcpSalt: 5 } as const;

const AUTH_KEY_LENGTH = 20;
const HIGHEST_SRTCP_INDEX = 0x7fff_ffff;
const HIGHEST_ROC = 0xffff_ffff;

/** RFC 3711 4.1.1 and B.2: AES in counter mode, the 16-byte `iv` being the first counter block. */
export function keystreamXor(key: Buffer, iv: Buffer, data: Buffer): Buffer {
  const cipher = createCipheriv(key.length === 32 ? 'aes-256-ctr' : 'aes-128-ctr', key, iv);
  return cipher.update(data);
}

/** RFC 3711 4.3.3 with a key derivation rate of 0; B.3 has an example. */
export function deriveKey(master: { key: Buffer; salt: Buffer }, label: number, length: number): Buffer {
  const iv = Buffer.alloc(16);
  master.salt.copy(iv);
  iv[7] = (iv[7] ?? 0) ^ label;
  return keystreamXor(master.key, iv, Buffer.alloc(length));
}

interface SessionKeys {
  cipher: Buffer | undefined;
  auth: Buffer;
  salt: Buffer;
  tagLength: number;
}

/** The two sets of session keys, after checking that the master key and salt fit the suite. */
function sessionKeys(keying: SrtpKeying): {
  rtp: SessionKeys;
  rtcp: SessionKeys;
  mki: Buffer;
  ssrc: number | undefined;
  roc: number;
} {
  const shape: SrtpSuite = srtpSuites[keying.suite];
  if (keying.key.length !== shape.keyLength || keying.salt.length !== shape.saltLength) {
    throw new RangeError(`${keying.suite} takes a key of ${shape.keyLength} and a salt of ${shape.saltLength} bytes`);
  }
  const derive = (key: number, auth: number, salt: number, tagLength: number): SessionKeys => ({
    cipher: shape.cipher === 'null' ? undefined : deriveKey(keying, key, shape.keyLength),
    auth: deriveKey(keying, auth, AUTH_KEY_LENGTH),
    salt: deriveKey(keying, salt, shape.saltLength),
    tagLength,
  });
  return {
    rtp: derive(labels.rtpKey, labels.rtpAuth, labels.rtpSalt, shape.tagLength),
    rtcp: derive(labels.rtcpKey, labels.rtcpAuth, labels.rtcpSalt, shape.rtcpTagLength),
    mki: keying.mki ?? Buffer.alloc(0),
    ssrc: keying.ssrc,
    roc: keying.roc ?? 0,
  };
}

/** RFC 3711 4.1.1: (salt << 16) xor (SSRC << 64) xor (index << 16). @param high the index's bits above the lowest 16 */
function crypt(keys: SessionKeys, ssrc: number, high: number, low: number, data: Buffer): Buffer {
  if (!keys.cipher) return data;
  const iv = Buffer.alloc(16);
  keys.salt.copy(iv);
  iv.writeUInt32BE((iv.readUInt32BE(4) ^ ssrc) >>> 0, 4);
  iv.writeUInt32BE((iv.readUInt32BE(8) ^ high) >>> 0, 8);
  iv.writeUInt16BE(iv.readUInt16BE(12) ^ low, 12);
  return keystreamXor(keys.cipher, iv, data);
}

/** RFC 3711 4.2: HMAC-SHA1 over the packet and, for RTP, the roll-over counter; cut to the tag's length. */
function tagOf(keys: SessionKeys, data: Buffer, roc?: number): Buffer {
  const hmac = createHmac('sha1', keys.auth).update(data);
  if (roc !== undefined) {
    const counter = Buffer.allocUnsafe(4);
    counter.writeUInt32BE(roc);
    hmac.update(counter);
  }
  return hmac.digest().subarray(0, keys.tagLength);
}

/** Offset of the payload of an RTP packet, after CSRCs and extension (RFC 3550 5.1); undefined when it is none. */
function rtpPayloadOffset(packet: Buffer, end: number): number | undefined {
  if (end < 12 || (packet[0] ?? 0) >> 6 !== 2) return undefined;
  const first = packet[0] ?? 0;
  let offset = 12 + 4 * (first & 0x0f);
  if (first & 0x10) {
    if (offset + 4 > end) return undefined;
    offset += 4 + 4 * packet.readUInt16BE(offset + 2);
  }
  return offset <= end ? offset : undefined;
}

/** Protects one direction's packets. Each SSRC keeps its own roll-over counter and SRTCP index. */
export class SrtpSender {
  readonly #keys: ReturnType<typeof sessionKeys>;
  readonly #streams = new Map<number, { roc: number; sequence: number | undefined; rtcpIndex: number }>();

  /** @throws RangeError if key or salt do not fit the suite */
  constructor(keying: SrtpKeying) {
    this.#keys = sessionKeys(keying);
  }

  #stream(ssrc: number): { roc: number; sequence: number | undefined; rtcpIndex: number } {
    let stream = this.#streams.get(ssrc);
    if (!stream) {
      stream = { roc: this.#keys.roc, sequence: undefined, rtcpIndex: 0 };
      this.#streams.set(ssrc, stream);
    }
    return stream;
  }

  /**
   * Sequence numbers must be sent in order (a packet may repeat or step back a little within the same roll-over).
   * @throws RangeError for what is no RTP packet, or when the key is used up (RFC 3711 9.2)
   */
  protect(packet: Buffer): Buffer {
    const offset = rtpPayloadOffset(packet, packet.length);
    if (offset === undefined) throw new RangeError('not an RTP packet');
    const sequence = packet.readUInt16BE(2);
    const ssrc = packet.readUInt32BE(8);
    const stream = this.#stream(ssrc);
    const { roc, advances } = guess(stream.roc, stream.sequence, sequence);
    if (roc > HIGHEST_ROC) throw new RangeError('the SRTP master key has protected all the packets it may');
    if (advances) Object.assign(stream, { roc, sequence });
    const body = Buffer.concat([
      packet.subarray(0, offset),
      crypt(this.#keys.rtp, ssrc, roc, sequence, packet.subarray(offset)),
    ]);
    return Buffer.concat([body, this.#keys.mki, tagOf(this.#keys.rtp, body, roc)]);
  }

  /** RFC 3711 3.4: the E bit and an index of its own go behind the packet. @throws RangeError as `protect` */
  protectRtcp(packet: Buffer): Buffer {
    if (packet.length < 8 || (packet[0] ?? 0) >> 6 !== 2) throw new RangeError('not an RTCP packet');
    const ssrc = packet.readUInt32BE(4);
    const stream = this.#stream(ssrc);
    if (stream.rtcpIndex >= HIGHEST_SRTCP_INDEX) throw new RangeError('the SRTCP index is used up');
    const index = ++stream.rtcpIndex;
    const keys = this.#keys.rtcp;
    const trailer = Buffer.alloc(4);
    trailer.writeUInt32BE(((keys.cipher ? 0x8000_0000 : 0) | index) >>> 0);
    const hidden = crypt(keys, ssrc, index >>> 16, index & 0xffff, packet.subarray(8));
    const body = Buffer.concat([packet.subarray(0, 8), hidden, trailer]);
    return Buffer.concat([body, this.#keys.mki, tagOf(keys, body)]);
  }
}

/** RFC 3711 3.3.1: the roll-over counter that most likely belongs to `sequence`. */
function guess(roc: number, highest: number | undefined, sequence: number): { roc: number; advances: boolean } {
  if (highest === undefined) return { roc, advances: true };
  if (highest < 0x8000) {
    // Before the first roll-over there is nothing to step back to.
    if (sequence - highest > 0x8000 && roc > 0) return { roc: roc - 1, advances: false };
  } else if (highest - 0x8000 > sequence) return { roc: roc + 1, advances: true };
  return { roc, advances: sequence > highest };
}

const WINDOW = 128;
const WINDOW_MASK = (1n << BigInt(WINDOW)) - 1n;

/** RFC 3711 3.3.2: which of the last 128 indices have been seen. */
class ReplayWindow {
  #highest = -1;
  #seen = 0n;

  /** Older than the window counts as seen. */
  has(index: number): boolean {
    const behind = this.#highest - index;
    if (behind < 0) return false;
    return behind >= WINDOW || ((this.#seen >> BigInt(behind)) & 1n) === 1n;
  }

  add(index: number): void {
    const ahead = index - this.#highest;
    if (ahead <= 0) this.#seen |= 1n << BigInt(-ahead);
    else {
      this.#seen = ahead >= WINDOW ? 1n : ((this.#seen << BigInt(ahead)) | 1n) & WINDOW_MASK;
      this.#highest = index;
    }
  }
}

interface ReceivedStream {
  roc: number;
  highest: number | undefined;
  rtp: ReplayWindow;
  rtcp: ReplayWindow;
}

/** Authenticated senders under one key beyond this are a fault, not a conference. */
const MOST_SOURCES = 32;

/** Unprotects one direction's packets. */
export class SrtpReceiver {
  readonly #keys: ReturnType<typeof sessionKeys>;
  readonly #streams = new Map<number, ReceivedStream>();

  /** @throws RangeError if key or salt do not fit the suite */
  constructor(keying: SrtpKeying) {
    this.#keys = sessionKeys(keying);
  }

  /** Splits off tag and MKI; undefined when the packet is too short or its MKI is another. */
  #split(packet: Buffer, keys: SessionKeys): { body: Buffer; tag: Buffer } | undefined {
    const end = packet.length - keys.tagLength - this.#keys.mki.length;
    if (end < 0) return undefined;
    const mki = packet.subarray(end, end + this.#keys.mki.length);
    if (!mki.equals(this.#keys.mki)) return undefined;
    return { body: packet.subarray(0, end), tag: packet.subarray(end + mki.length) };
  }

  /** The stream of an SSRC as known, or a fresh one that is kept only once a packet of it has been verified. */
  #stream(ssrc: number): ReceivedStream {
    const known = this.#streams.get(ssrc);
    return known ?? { roc: this.#keys.roc, highest: undefined, rtp: new ReplayWindow(), rtcp: new ReplayWindow() };
  }

  #isOther(ssrc: number): boolean {
    return this.#keys.ssrc !== undefined && ssrc !== this.#keys.ssrc;
  }

  #isFull(ssrc: number): boolean {
    return !this.#streams.has(ssrc) && this.#streams.size >= MOST_SOURCES;
  }

  /** An SRTP packet to the RTP packet in it. Never throws on what came from the network. */
  unprotect(packet: Buffer): Unprotected {
    const keys = this.#keys.rtp;
    const parts = this.#split(packet, keys);
    const offset = parts && rtpPayloadOffset(parts.body, parts.body.length);
    if (!parts || offset === undefined) return refused('malformed');
    const sequence = parts.body.readUInt16BE(2);
    const ssrc = parts.body.readUInt32BE(8);
    if (this.#isOther(ssrc)) return refused('other-source');
    const stream = this.#stream(ssrc);
    const { roc, advances } = guess(stream.roc, stream.highest, sequence);
    const index = roc * 0x1_0000 + sequence;
    if (roc > HIGHEST_ROC) return refused('replay');
    // A packet under other keys is no repetition, whatever its number is.
    if (!timingSafeEqual(parts.tag, tagOf(keys, parts.body, roc))) return refused('authentication');
    if (stream.rtp.has(index)) return refused('replay');
    if (this.#isFull(ssrc)) return refused('too-many-sources');
    this.#streams.set(ssrc, stream);
    stream.rtp.add(index);
    if (advances) Object.assign(stream, { roc, highest: sequence });
    const plain = crypt(keys, ssrc, roc, sequence, parts.body.subarray(offset));
    return { ok: true, packet: Buffer.concat([parts.body.subarray(0, offset), plain]) };
  }

  /** An SRTCP packet to the RTCP packet in it; its index may begin anywhere. Never throws on what came from the network. */
  unprotectRtcp(packet: Buffer): Unprotected {
    const keys = this.#keys.rtcp;
    const parts = this.#split(packet, keys);
    if (!parts || parts.body.length < 12 || (packet[0] ?? 0) >> 6 !== 2) return refused('malformed');
    const ssrc = parts.body.readUInt32BE(4);
    if (this.#isOther(ssrc)) return refused('other-source');
    const trailer = parts.body.readUInt32BE(parts.body.length - 4);
    const index = trailer & HIGHEST_SRTCP_INDEX;
    const stream = this.#stream(ssrc);
    if (!timingSafeEqual(parts.tag, tagOf(keys, parts.body))) return refused('authentication');
    if (stream.rtcp.has(index)) return refused('replay');
    // The suite decides that SRTCP is encrypted or not; a sender that does otherwise breaks the agreement.
    if (trailer >>> 31 !== (keys.cipher ? 1 : 0)) return refused('malformed');
    if (this.#isFull(ssrc)) return refused('too-many-sources');
    this.#streams.set(ssrc, stream);
    stream.rtcp.add(index);
    const hidden = parts.body.subarray(8, parts.body.length - 4);
    const plain = crypt(keys, ssrc, index >>> 16, index & 0xffff, hidden);
    return { ok: true, packet: Buffer.concat([parts.body.subarray(0, 8), plain]) };
  }
}
