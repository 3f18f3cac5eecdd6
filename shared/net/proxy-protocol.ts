// The PROXY protocol, versions 1 and 2: the header with which a load balancer names the source of a TCP connection
// (HAProxy, "The PROXY protocol", sections 2.1 and 2.2).
import { isIP, SocketAddress } from 'node:net';

type ProxyHeader =
  /** Not all of it is there. */
  | { state: 'more' }
  /** `length` bytes are the header; without a source the connection is the proxy's own, or of unknown origin. */
  | { state: 'whole'; length: number; source?: { address: string; port: number } };

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V1 = 'PROXY ';
/** With CR LF (section 2.1). */
const MAX_V1 = 107;
/** Addresses and what else a sender may tell of a connection; far more than any does. */
const MAX_V2 = 4096;
const FIXED_V2 = 16;

/**
 * @param bytes from the start of a connection
 * @throws Error with the reason
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  const begins = (with_: Buffer): boolean =>
    bytes.subarray(0, with_.length).equals(with_.subarray(0, Math.min(bytes.length, with_.length)));
  if (begins(SIGNATURE)) return bytes.length < FIXED_V2 ? { state: 'more' } : readVersion2(bytes);
  if (begins(Buffer.from(V1))) return readVersion1(bytes);
  throw new Error('it does not begin with a PROXY header');
}

function readVersion1(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, MAX_V1).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= MAX_V1) throw new Error(`PROXY line of more than ${MAX_V1} bytes`);
    return { state: 'more' };
  }
  const line = bytes.toString('latin1', 0, end);
  const length = end + 2;
  const [, family = '', address = '', , port = '', ...rest] = line.split(' ');
  // Nothing behind UNKNOWN is to be looked at.
  if (family === 'UNKNOWN') return { state: 'whole', length };
  const version = { TCP4: 4, TCP6: 6 }[family];
  if (version === undefined || rest.length !== 1 || isIP(address) !== version || !/^\d{1,5}$/.test(port))
    throw new Error(`PROXY line not understood: ${JSON.stringify(line)}`);
  return { state: 'whole', length, source: { address, port: portOf(Number(port)) } };
}

function portOf(port: number): number {
  if (port > 65_535) throw new Error(`PROXY line with port ${port}`);
  return port;
}

/** Bytes of an address, by the high half of the family byte. */
const families: Readonly<Record<number, number>> = { 1: 4, 2: 16 };
const [LOCAL, PROXY] = [0x20, 0x21];
const STREAM = 1;

function readVersion2(bytes: Buffer): ProxyHeader {
  const [command = 0, kind = 0] = bytes.subarray(SIGNATURE.length);
  const length = FIXED_V2 + bytes.readUInt16BE(14);
  if (command !== LOCAL && command !== PROXY) throw new Error(`PROXY command 0x${command.toString(16)}`);
  if (length > MAX_V2) throw new Error(`PROXY header of ${length} bytes`);
  if (bytes.length < length) return { state: 'more' };
  const size = families[kind >> 4];
  if (command === LOCAL || size === undefined || (kind & 0xf) !== STREAM) return { state: 'whole', length };
  if (length < FIXED_V2 + 2 * size + 4) throw new Error('PROXY header too short for its addresses');
  const address = addressText(bytes.subarray(FIXED_V2, FIXED_V2 + size));
  return { state: 'whole', length, source: { address, port: bytes.readUInt16BE(FIXED_V2 + 2 * size) } };
}

const addressText = (address: Buffer): string =>
  address.length === 4
    ? address.join('.')
    : new SocketAddress({
        address: Array.from({ length: 8 }, (_, at) => address.readUInt16BE(2 * at).toString(16)).join(':'),
        family: 'ipv6',
      }).address;
