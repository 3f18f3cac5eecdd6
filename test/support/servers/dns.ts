// A DNS server with the records of a test, over UDP on loopback (RFC 1035, 2782, 3403).
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';

export type DnsRecord =
  | { type: 'A'; address: string; ttl?: number }
  | { type: 'SRV'; priority: number; weight: number; port: number; target: string }
  | { type: 'NAPTR'; order: number; preference: number; service: string; replacement: string };

export interface DnsServer {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Records by name; changed at will. */
  readonly records: Record<string, DnsRecord[]>;
  /** Queries that came: `SRV _sips._tcp.voice.test`. */
  readonly asked: string[];
  /** Overrides the answer: undefined leaves the query without one. */
  answer: ((query: Buffer) => Buffer | undefined) | undefined;
  close(): void;
}

const codes: Readonly<Record<number, DnsRecord['type'] | 'AAAA'>> = { 1: 'A', 28: 'AAAA', 33: 'SRV', 35: 'NAPTR' };
const numbers = { A: 1, SRV: 33, NAPTR: 35 } as const;

const encodeName = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter(label => label !== '')
      .map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);
const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
const words = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, 2 * at);
  return bytes;
};

function dataOf(record: DnsRecord): Buffer {
  if (record.type === 'A') return Buffer.from(record.address.split('.').map(Number));
  if (record.type === 'SRV')
    return Buffer.concat([words(record.priority, record.weight, record.port), encodeName(record.target)]);
  const flags = [text('s'), text(record.service), text('')];
  return Buffer.concat([words(record.order, record.preference), ...flags, encodeName(record.replacement)]);
}

function encodeRecord(record: DnsRecord): Buffer {
  const data = dataOf(record);
  const ttl = record.type === 'A' ? (record.ttl ?? 60) : 60;
  // 0xc00c points at the name of the question.
  return Buffer.concat([words(0xc00c, numbers[record.type], 1, 0, ttl, data.length), data]);
}

function questionOf(query: Buffer): { name: string; type: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString());
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: codes[query.readUInt16BE(at + 1)] ?? '?', end: at + 5 };
}

export async function startDns(records: Record<string, DnsRecord[]> = {}): Promise<DnsServer> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const server: DnsServer = {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    asked: [],
    answer: undefined,
    close: () => socket.close(),
  };
  const reply = (query: Buffer): Buffer => {
    const { name, type, end } = questionOf(query);
    server.asked.push(`${type} ${name}`);
    const found = records[name];
    const matching = (found ?? []).filter(record => record.type === type);
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(found ? 0x8580 : 0x8583, 2);
    head.writeUInt16BE(matching.length, 6);
    head.fill(0, 8, 12);
    return Buffer.concat([head, query.subarray(12, end), ...matching.map(encodeRecord)]);
  };
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    const bytes = server.answer ? server.answer(query) : reply(query);
    if (bytes) socket.send(bytes, from.port, from.address);
  });
  return server;
}
