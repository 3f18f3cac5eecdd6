// DHCP messages as bytes (RFC 2131 2): the fixed part, and options in any order, padded, repeated or spilled over.

/** Option code → value. Values of a repeated option are joined (RFC 3396). */
export type Options = Map<number, Buffer>;

export interface DhcpMessage {
  op: 'request' | 'reply';
  /** Transaction, 32 bits. */
  xid: number;
  secs: number;
  /** The client cannot take unicast before it has an address (RFC 2131 4.1). */
  broadcast: boolean;
  ciaddr: string;
  yiaddr: string;
  siaddr: string;
  giaddr: string;
  /** Hardware address of the client, usually 6 bytes. */
  chaddr: Buffer;
  options: Options;
}

/** Not a DHCP message, or one with wrong lengths. */
export class MalformedDhcp extends Error {
  override readonly name = 'MalformedDhcp';
}

export const NO_ADDRESS = '0.0.0.0';

const FIXED = 236;
const COOKIE = Buffer.from([99, 130, 83, 99]);
const PAD = 0;
const END = 255;
const OVERLOAD = 52;
const MESSAGE_TYPE = 53;
/** BOOTP relays may drop anything shorter (RFC 951 3, RFC 1542 2.1). */
const SHORTEST = 300;

/** @throws MalformedDhcp */
export function decodeMessage(bytes: Buffer): DhcpMessage {
  if (bytes.length < FIXED + COOKIE.length) throw new MalformedDhcp('shorter than a DHCP message');
  if (!bytes.subarray(FIXED, FIXED + 4).equals(COOKIE)) throw new MalformedDhcp('no magic cookie');
  const op = bytes[0];
  if (op !== 1 && op !== 2) throw new MalformedDhcp(`op ${op}`);
  const hlen = bytes[2] ?? 0;
  if (hlen > 16) throw new MalformedDhcp(`hardware address of ${hlen} bytes`);
  return {
    op: op === 1 ? 'request' : 'reply',
    xid: bytes.readUInt32BE(4),
    secs: bytes.readUInt16BE(8),
    broadcast: (bytes.readUInt16BE(10) & 0x8000) !== 0,
    ciaddr: readAddress(bytes, 12),
    yiaddr: readAddress(bytes, 16),
    siaddr: readAddress(bytes, 20),
    giaddr: readAddress(bytes, 24),
    chaddr: Buffer.from(bytes.subarray(28, 28 + hlen)),
    options: decodeAll(bytes),
  };
}

/** RFC 2131 4.1: options may continue in the fields `file` and then `sname`, by option 52. */
function decodeAll(bytes: Buffer): Options {
  const parts = new Map<number, Buffer[]>();
  collect(bytes.subarray(FIXED + COOKIE.length), parts);
  const overload = parts.get(OVERLOAD)?.[0]?.[0] ?? 0;
  if (overload & 1) collect(bytes.subarray(108, 236), parts);
  if (overload & 2) collect(bytes.subarray(44, 108), parts);
  parts.delete(OVERLOAD);
  return new Map([...parts].map(([code, values]) => [code, Buffer.concat(values)]));
}

function collect(field: Buffer, parts: Map<number, Buffer[]>): void {
  for (const { code, value } of readTlv(field)) {
    if (value === undefined) throw new MalformedDhcp(`option ${code} is cut off`);
    const values = parts.get(code);
    if (values) values.push(value);
    else parts.set(code, [value]);
  }
}

/**
 * Code, length, value, one after the other; 0 is padding and 255 the end, as in the options proper and inside option 43.
 * The last item has no value where the bytes end before it does.
 */
export function* readTlv(bytes: Buffer): Generator<{ code: number; value: Buffer | undefined }> {
  let at = 0;
  while (at < bytes.length) {
    const code = bytes[at++] ?? END;
    if (code === PAD) continue;
    if (code === END) return;
    const length = bytes[at++];
    if (length === undefined || at + length > bytes.length) {
      yield { code, value: undefined };
      return;
    }
    yield { code, value: Buffer.from(bytes.subarray(at, at + length)) };
    at += length;
  }
}

/** One item of code, length, value. */
export function tlv(code: number, value: Buffer): Buffer {
  if (value.length > 255) throw new MalformedDhcp(`option ${code} has ${value.length} bytes`);
  return Buffer.concat([Buffer.from([code, value.length]), value]);
}

/** Writes a message; a value beyond 255 bytes becomes several options of one code (RFC 3396 5). */
export function encodeMessage(message: DhcpMessage): Buffer {
  const fixed = Buffer.alloc(FIXED);
  fixed[0] = message.op === 'request' ? 1 : 2;
  fixed[1] = 1;
  fixed[2] = message.chaddr.length;
  fixed.writeUInt32BE(message.xid >>> 0, 4);
  fixed.writeUInt16BE(message.secs & 0xffff, 8);
  fixed.writeUInt16BE(message.broadcast ? 0x8000 : 0, 10);
  writeAddress(fixed, 12, message.ciaddr);
  writeAddress(fixed, 16, message.yiaddr);
  writeAddress(fixed, 20, message.siaddr);
  writeAddress(fixed, 24, message.giaddr);
  if (message.chaddr.length > 16) throw new MalformedDhcp('hardware address of more than 16 bytes');
  message.chaddr.copy(fixed, 28);

  const parts: Buffer[] = [fixed, COOKIE];
  // The type is written first: some servers expect it there.
  const codes = [...message.options.keys()].sort((a, b) => Number(b === MESSAGE_TYPE) - Number(a === MESSAGE_TYPE));
  for (const code of codes) {
    if (!Number.isInteger(code) || code <= PAD || code >= END) throw new MalformedDhcp(`option code ${code}`);
    const value = message.options.get(code) ?? Buffer.alloc(0);
    let at = 0;
    do {
      parts.push(tlv(code, value.subarray(at, at + 255)));
      at += 255;
    } while (at < value.length);
  }
  parts.push(Buffer.from([END]));
  const bytes = Buffer.concat(parts);
  return bytes.length >= SHORTEST ? bytes : Buffer.concat([bytes, Buffer.alloc(SHORTEST - bytes.length)]);
}

export function readAddress(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 4)].join('.');
}

/** @throws MalformedDhcp when the text is not an IPv4 address */
export function addressBytes(address: string): Buffer {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every(part => /^\d{1,3}$/.test(part) && Number(part) <= 255)) {
    throw new MalformedDhcp(`${JSON.stringify(address)} is not an IPv4 address`);
  }
  return Buffer.from(parts.map(Number));
}

const writeAddress = (bytes: Buffer, at: number, address: string): void => {
  addressBytes(address).copy(bytes, at);
};
