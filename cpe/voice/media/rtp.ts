// RTP and RTCP packets (RFC 3550), read and written: what a call's media sends and hears.
import type { ReceptionReport } from './quality/reception.ts';

interface RtpPacket {
  payloadType: number;
  marker: boolean;
  /** 16 bits. */
  sequence: number;
  /** 32 bits, in samples. */
  timestamp: number;
  ssrc: number;
  payload: Buffer;
}

/** RFC 3550 5.1, without CSRCs or extension. */
export function encodeRtp(packet: RtpPacket): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = (packet.marker ? 0x80 : 0) | (packet.payloadType & 0x7f);
  header.writeUInt16BE(packet.sequence & 0xffff, 2);
  header.writeUInt32BE(packet.timestamp >>> 0, 4);
  header.writeUInt32BE(packet.ssrc >>> 0, 8);
  return Buffer.concat([header, packet.payload]);
}

/** RFC 3550 5.1; CSRCs, extension and padding are stepped over. Undefined for what is no RTP packet. */
export function decodeRtp(bytes: Buffer): RtpPacket | undefined {
  const first = bytes[0] ?? 0;
  const second = bytes[1] ?? 0;
  if (bytes.length < 12 || first >> 6 !== 2) return undefined;
  let start = 12 + 4 * (first & 0x0f);
  if (first & 0x10) {
    if (start + 4 > bytes.length) return undefined;
    start += 4 + 4 * bytes.readUInt16BE(start + 2);
  }
  const padding = first & 0x20 ? (bytes.at(-1) ?? 0) : 0;
  const end = bytes.length - padding;
  if (start > end || (first & 0x20 && padding === 0)) return undefined;
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    payload: bytes.subarray(start, end),
  };
}

const rtcpTypes = { senderReport: 200, receiverReport: 201, sourceDescription: 202, bye: 203 } as const;

/** One RTCP packet: its length counts 32-bit words less one, RFC 3550 6.4.1. */
function rtcp(type: number, count: number, body: Buffer): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
  const header = Buffer.from([0x80 | count, type, 0, 0]);
  header.writeUInt16BE(padded.length / 4, 2);
  return Buffer.concat([header, padded]);
}

/** Seconds from 1900 to 1970: NTP's epoch to Unix's. */
const NTP_OFFSET = 2_208_988_800;

export interface SenderState {
  ssrc: number;
  cname: string;
  /** Milliseconds since the Unix epoch. */
  now: number;
  timestamp: number;
  packets: number;
  octets: number;
  /** The peer's stream as it came, and its last sender report: its time stamp and the time since, both in units of 2^-16 s. */
  heard?: ReceptionReport & { lastReport: number; sinceReport: number };
}

/** RFC 3550 4: the middle 32 bits of an NTP time stamp. @param now milliseconds since the Unix epoch */
export function middleOfNtp(now: number): number {
  const seconds = (Math.floor(now / 1000) + NTP_OFFSET) % 0x1_0000;
  return (seconds * 0x1_0000 + Math.floor(((now % 1000) / 1000) * 0x1_0000)) >>> 0;
}

/** RFC 3550 6.4.1: one report block. */
function reportBlock({
  ssrc,
  fractionLost,
  lost,
  highestSequence,
  jitter,
  ...times
}: NonNullable<SenderState['heard']>) {
  const block = Buffer.alloc(24);
  block.writeUInt32BE(ssrc >>> 0, 0);
  block[4] = fractionLost;
  block.writeIntBE(Math.max(-0x80_0000, Math.min(0x7f_ffff, lost)), 5, 3);
  block.writeUInt32BE(highestSequence >>> 0, 8);
  block.writeUInt32BE(jitter >>> 0, 12);
  block.writeUInt32BE(times.lastReport >>> 0, 16);
  block.writeUInt32BE(times.sinceReport >>> 0, 20);
  return block;
}

/** A compound packet: sender report and CNAME (RFC 3550 6.1, 6.4.1, 6.5), and a BYE (6.6) when it is the last. */
export function encodeReport(state: SenderState, last = false): Buffer {
  const report = Buffer.alloc(24);
  report.writeUInt32BE(state.ssrc >>> 0, 0);
  report.writeUInt32BE((Math.floor(state.now / 1000) + NTP_OFFSET) >>> 0, 4);
  report.writeUInt32BE(Math.floor(((state.now % 1000) / 1000) * 2 ** 32) >>> 0, 8);
  report.writeUInt32BE(state.timestamp >>> 0, 12);
  report.writeUInt32BE(state.packets >>> 0, 16);
  report.writeUInt32BE(state.octets >>> 0, 20);
  const name = Buffer.from(state.cname).subarray(0, 255);
  // Item 1 is CNAME; a zero byte ends the chunk.
  const chunk = Buffer.concat([report.subarray(0, 4), Buffer.from([1, name.length]), name, Buffer.from([0])]);
  const blocks = state.heard ? [reportBlock(state.heard)] : [];
  const parts = [
    rtcp(rtcpTypes.senderReport, blocks.length, Buffer.concat([report, ...blocks])),
    rtcp(rtcpTypes.sourceDescription, 1, chunk),
  ];
  if (last) parts.push(rtcp(rtcpTypes.bye, 1, report.subarray(0, 4)));
  return Buffer.concat(parts);
}

/** The packet types in a compound packet, in order; undefined when a length does not fit (RFC 3550 A.2). */
export function readReport(bytes: Buffer): { types: number[]; bye: boolean } | undefined {
  const types: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length || (bytes[at] ?? 0) >> 6 !== 2) return undefined;
    types.push(bytes[at + 1] ?? 0);
    at += 4 * (bytes.readUInt16BE(at + 2) + 1);
    if (at > bytes.length) return undefined;
  }
  return types.length > 0 ? { types, bye: types.includes(rtcpTypes.bye) } : undefined;
}

/** The peer's view of our stream, and the time stamp of its sender report if there is one. */
export interface PeerReport {
  /** Middle of the NTP time stamp. */
  sentAt?: number;
  /** The block about our stream. */
  about?: { fractionLost: number; lost: number; jitter: number; lastReport: number; sinceReport: number };
}

/** Reads what a compound packet that `readReport` takes says of the stream `ssrc`. */
export function readPeerReport(bytes: Buffer, ssrc: number): PeerReport {
  const found: PeerReport = {};
  for (let at = 0; at + 4 <= bytes.length; at += 4 * (bytes.readUInt16BE(at + 2) + 1)) {
    const type = bytes[at + 1] ?? 0;
    const end = Math.min(bytes.length, at + 4 * (bytes.readUInt16BE(at + 2) + 1));
    const isSender = type === rtcpTypes.senderReport;
    if (!isSender && type !== rtcpTypes.receiverReport) continue;
    if (isSender && at + 28 <= end)
      found.sentAt = ((bytes.readUInt16BE(at + 10) << 16) | bytes.readUInt16BE(at + 12)) >>> 0;
    const count = (bytes[at] ?? 0) & 0x1f;
    const start = at + (isSender ? 28 : 8);
    for (let block = start; block + 24 <= end && block < start + 24 * count; block += 24) {
      if (bytes.readUInt32BE(block) === ssrc) found.about = readBlock(bytes, block);
    }
  }
  return found;
}

function readBlock(bytes: Buffer, at: number): Required<PeerReport>['about'] {
  return {
    fractionLost: bytes[at + 4] ?? 0,
    lost: bytes.readIntBE(at + 5, 3),
    jitter: bytes.readUInt32BE(at + 12),
    lastReport: bytes.readUInt32BE(at + 16),
    sinceReport: bytes.readUInt32BE(at + 20),
  };
}
