// RTP and RTCP packets (RFC 3550), read and written: what a call's media sends and hears.

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

const rtcpTypes = { senderReport: 200, sourceDescription: 202, bye: 203 } as const;

/** One RTCP packet: its length counts 32-bit words less one, RFC 3550 6.4.1. */
function rtcp(type: number, count: number, body: Buffer): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
  const header = Buffer.from([0x80 | count, type, 0, 0]);
  header.writeUInt16BE(padded.length / 4, 2);
  return Buffer.concat([header, padded]);
}

/** Seconds from 1900 to 1970: NTP's epoch to Unix's. */
const NTP_OFFSET = 2_208_988_800;

interface SenderState {
  ssrc: number;
  cname: string;
  /** Milliseconds since the Unix epoch. */
  now: number;
  timestamp: number;
  packets: number;
  octets: number;
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
  const parts = [rtcp(rtcpTypes.senderReport, 0, report), rtcp(rtcpTypes.sourceDescription, 1, chunk)];
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
