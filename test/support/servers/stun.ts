// STUN by hand, from RFC 3489 alone and without our codec; a server that plays any part; a NAT that lets in only what was asked for.
import { createHmac } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';

const bind = async (socket: Socket, address = '127.0.0.1'): Promise<number> => {
  await new Promise<void>(resolve => socket.bind(0, address, resolve));
  return socket.address().port;
};
const closed = (socket: Socket): Promise<void> => new Promise(resolve => socket.close(() => resolve()));

/** Attributes by code, in order, with what integrity covers. */
export interface RawStun {
  type: number;
  transaction: string;
  attributes: Map<number, Buffer>;
  bytes: Buffer;
}

export function readRaw(bytes: Buffer): RawStun {
  const attributes = new Map<number, Buffer>();
  for (let at = 20; at < bytes.length; at += 4 + bytes.readUInt16BE(at + 2)) {
    attributes.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + bytes.readUInt16BE(at + 2)));
  }
  return { type: bytes.readUInt16BE(0), transaction: bytes.toString('hex', 4, 20), attributes, bytes };
}

export function writeRaw(type: number, transaction: string, attributes: [number, Buffer][], key?: string): Buffer {
  const body = attributes.map(([code, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(code, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value]);
  });
  const length = body.reduce((sum, part) => sum + part.length, 0) + (key === undefined ? 0 : 24);
  const header = Buffer.alloc(4);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(length, 2);
  const text = Buffer.concat([header, Buffer.from(transaction, 'hex'), ...body]);
  return key === undefined ? text : Buffer.concat([text, Buffer.from('00080014', 'hex'), sealOf(text, key)]);
}

/** RFC 3489 11.2.8: HMAC-SHA1 over what lies in front, filled up with zeros to a multiple of 64 bytes. */
export const sealOf = (text: Buffer, key: string): Buffer =>
  createHmac('sha1', key)
    .update(Buffer.concat([text, Buffer.alloc((64 - (text.length % 64)) % 64)]))
    .digest();

export const rawAddress = (address: string, port: number): Buffer => {
  const bytes = Buffer.from([0, 1, 0, 0, ...address.split('.').map(Number)]);
  bytes.writeUInt16BE(port, 2);
  return bytes;
};

export const rawError = (code: number): Buffer =>
  Buffer.concat([Buffer.from([0, 0, Math.floor(code / 100), code % 100]), Buffer.from('no  ')]);

/** A socket that asks and hears. */
export interface RawPeer {
  readonly port: number;
  readonly heard: Buffer[];
  send(bytes: Buffer | string, port: number): Promise<void>;
  /** The next datagram that was not taken yet. */
  next(): Promise<Buffer>;
  close(): Promise<void>;
}

export async function rawPeer(address = '127.0.0.1'): Promise<RawPeer> {
  const socket = createSocket('udp4');
  const heard: Buffer[] = [];
  let taken = 0;
  let wake: () => void = () => undefined;
  socket.on('message', bytes => {
    heard.push(bytes);
    wake();
  });
  const port = await bind(socket, address);
  return {
    port,
    heard,
    send: (bytes, to) =>
      new Promise((resolve, reject) =>
        socket.send(bytes, to, '127.0.0.1', error => (error ? reject(error) : resolve())),
      ),
    async next() {
      while (heard.length <= taken) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      return heard[taken++]!;
    },
    close: () => closed(socket),
  };
}

export interface FakeStun {
  readonly port: number;
  readonly heard: RawStun[];
  /** The source of the last question. */
  readonly asker: number;
  /** Answers each question; undefined is silence. The mapped address is what `seen` says, else the truth. */
  answer: (question: RawStun, from: { address: string; port: number }) => Buffer | undefined;
  seen: { address: string; port: number } | undefined;
  /** Sends from the server's port to the source of the last question. */
  send(bytes: Buffer | string): Promise<void>;
  close(): Promise<void>;
}

export async function fakeStun(): Promise<FakeStun> {
  const socket = createSocket('udp4');
  const port = await bind(socket);
  let asker = 0;
  const fake: FakeStun = {
    port,
    heard: [],
    seen: undefined,
    get asker() {
      return asker;
    },
    answer: (question, from) => {
      const { address, port: shown } = fake.seen ?? from;
      return writeRaw(0x0101, question.transaction, [[0x0001, rawAddress(address, shown)]]);
    },
    send: bytes =>
      new Promise((resolve, reject) =>
        socket.send(bytes, asker, '127.0.0.1', error => (error ? reject(error) : resolve())),
      ),
    close: () => closed(socket),
  };
  socket.on('message', (bytes, from) => {
    asker = from.port;
    const question = readRaw(bytes);
    fake.heard.push(question);
    const answer = fake.answer(question, from);
    if (answer) socket.send(answer, from.port, from.address);
  });
  return fake;
}

export interface Nat {
  /** The server's address for clients inside. */
  readonly inside: number;
  /** Inside port of the last client, and the port that the outside sees for it. */
  readonly client: number;
  readonly outside: number;
  /** Datagrams from others than the server, which were dropped. */
  readonly dropped: number;
  /** Forgets the binding, as after a restart: the next one is another. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** An address- and port-restricted NAT between one client and one server on loopback. */
export async function openNat(server: number): Promise<Nat> {
  const inner = createSocket('udp4');
  let outer = createSocket('udp4');
  let client = 0;
  let dropped = 0;
  const serve = async (): Promise<void> => {
    outer.on('message', (bytes, from) => {
      if (from.port === server) inner.send(bytes, client, '127.0.0.1');
      else dropped++;
    });
    await bind(outer);
  };
  inner.on('message', (bytes, from) => {
    client = from.port;
    outer.send(bytes, server, '127.0.0.1');
  });
  await serve();
  const inside = await bind(inner);
  return {
    inside,
    get client() {
      return client;
    },
    get outside() {
      return outer.address().port;
    },
    get dropped() {
      return dropped;
    },
    async restart() {
      const before = outer;
      outer = createSocket('udp4');
      await serve();
      await closed(before);
    },
    async close() {
      await Promise.all([closed(inner), closed(outer)]);
    },
  };
}
