// A capture file (libpcap, link type RAW): packets get the IP, UDP and TCP headers that they had on the way as far as a socket knows them.
import { isIPv6 } from 'node:net';
import { type Endpoint, noBytes, type Packet } from './packet.ts';

/** Bytes of a TCP segment; more are cut as a link with an MTU of 1500 would. */
const SEGMENT = 1440;
const FIN = 0x01;
const SYN = 0x02;
const PSH_ACK = 0x18;
const ACK = 0x10;
const TCP = 6;
const UDP = 17;
const LINKTYPE_RAW = 101;

/** Next sequence number of each direction of a connection. */
interface Sequence {
  sent: number;
  received: number;
}

interface Frame {
  protocol: number;
  from: Endpoint;
  to: Endpoint;
  /** Header and content above IP; its checksum is filled in. */
  payload: Buffer;
  /** Place of the checksum. */
  checksumAt: number;
}

export class PcapFile {
  readonly #parts: Buffer[] = [fileHeader()];
  readonly #sequences = new WeakMap<object, Sequence>();
  #size = 24;
  #frames = 0;

  get size(): number {
    return this.#size;
  }
  get frames(): number {
    return this.#frames;
  }

  /** @param time milliseconds since 1970 */
  add(packet: Packet, time: number): void {
    const [from, to] = packet.isSent ? [packet.local, packet.remote] : [packet.remote, packet.local];
    if (packet.protocol === 'udp') {
      this.#write({ protocol: UDP, from, to, payload: udp(from, to, packet.bytes), checksumAt: 6 }, time);
    } else this.#addTcp(packet, from, to, time);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #addTcp(packet: Packet, from: Endpoint, to: Endpoint, time: number): void {
    let next = this.#sequences.get(packet.connection);
    if (!next) {
      next = { sent: 1, received: 1 };
      this.#sequences.set(packet.connection, next);
    }
    const [mine, theirs] = packet.isSent ? (['sent', 'received'] as const) : (['received', 'sent'] as const);
    const segment = (one: Endpoint, other: Endpoint, way: 'sent' | 'received', flags: number, bytes: Buffer): void => {
      const back = way === 'sent' ? 'received' : 'sent';
      const acknowledged = flags === SYN ? 0 : next[back];
      const payload = tcp(one, other, { sequence: next[way], acknowledged, flags }, bytes);
      this.#write({ protocol: TCP, from: one, to: other, payload, checksumAt: 16 }, time);
      next[way] = (next[way] + bytes.length + (flags & (SYN | FIN) ? 1 : 0)) >>> 0;
    };
    if (packet.kind === 'open') {
      next.sent = next.received = 0;
      segment(from, to, mine, SYN, noBytes);
      segment(to, from, theirs, SYN | ACK, noBytes);
      segment(from, to, mine, ACK, noBytes);
    } else if (packet.kind === 'close') {
      segment(from, to, mine, FIN | ACK, noBytes);
      segment(to, from, theirs, FIN | ACK, noBytes);
      segment(from, to, mine, ACK, noBytes);
    } else {
      for (let at = 0; at < packet.bytes.length; at += SEGMENT) {
        segment(from, to, mine, PSH_ACK, packet.bytes.subarray(at, at + SEGMENT));
      }
    }
  }

  #write(frame: Frame, time: number): void {
    const ip = withIp(frame);
    const head = Buffer.alloc(16);
    head.writeUInt32LE(Math.floor(time / 1000), 0);
    head.writeUInt32LE(Math.floor((time % 1000) * 1000), 4);
    head.writeUInt32LE(ip.length, 8);
    head.writeUInt32LE(ip.length, 12);
    this.#parts.push(head, ip);
    this.#size += head.length + ip.length;
    this.#frames++;
  }
}

function fileHeader(): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262_144, 16);
  head.writeUInt32LE(LINKTYPE_RAW, 20);
  return head;
}

function udp(from: Endpoint, to: Endpoint, bytes: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(from.port, 0);
  head.writeUInt16BE(to.port, 2);
  head.writeUInt16BE(bytes.length + 8, 4);
  return Buffer.concat([head, bytes]);
}

interface TcpFields {
  sequence: number;
  acknowledged: number;
  flags: number;
}

function tcp(from: Endpoint, to: Endpoint, { sequence, acknowledged, flags }: TcpFields, bytes: Buffer): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt16BE(from.port, 0);
  head.writeUInt16BE(to.port, 2);
  head.writeUInt32BE(sequence, 4);
  head.writeUInt32BE(acknowledged, 8);
  head[12] = 0x50;
  head[13] = flags;
  head.writeUInt16BE(65_535, 14);
  return Buffer.concat([head, bytes]);
}

/** RFC 791, RFC 8200; the checksum of the payload by RFC 768 and RFC 9293 3.1. */
function withIp({ protocol, from, to, payload, checksumAt }: Frame): Buffer {
  const isV6 = isIPv6(from.host) || isIPv6(to.host);
  const addresses = Buffer.concat([addressBytes(from.host, isV6), addressBytes(to.host, isV6)]);
  const pseudo = Buffer.alloc(4);
  pseudo.writeUInt16BE(protocol, 0);
  pseudo.writeUInt16BE(payload.length, 2);
  payload.writeUInt16BE(checksum(addresses, pseudo, payload) || 0xffff, checksumAt);
  if (isV6) {
    const head = Buffer.alloc(8);
    head[0] = 0x60;
    head.writeUInt16BE(payload.length, 4);
    head[6] = protocol;
    head[7] = 64;
    return Buffer.concat([head, addresses, payload]);
  }
  const head = Buffer.alloc(12);
  head[0] = 0x45;
  head.writeUInt16BE(payload.length + 20, 2);
  head[8] = 64;
  head[9] = protocol;
  head.writeUInt16BE(checksum(head, addresses), 10);
  return Buffer.concat([head, addresses, payload]);
}

function checksum(...parts: Buffer[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 2) sum += ((part[at] ?? 0) << 8) | (part[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

function addressBytes(host: string, isV6: boolean): Buffer {
  if (!isV6) return Buffer.from(host.split('.').map(Number));
  if (!isIPv6(host)) return Buffer.concat([Buffer.from('00000000000000000000ffff', 'hex'), addressBytes(host, false)]);
  const bare = host.split('%')[0] ?? '';
  const [before = '', after] = bare.split('::');
  const words = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [front, back] = [words(before), words(after ?? '')];
  const zeros = after === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const all = [...front, ...Array.from({ length: zeros }, () => '0'), ...back];
  return Buffer.from(
    all
      .slice(0, 8)
      .map(word => word.padStart(4, '0'))
      .join(''),
    'hex',
  );
}
