// Classic STUN (RFC 3489) as TR-069 Annex G uses it: Binding messages with their attributes, and MESSAGE-INTEGRITY.
// Of the newer form (RFC 5389) only what old and new share on the wire, and XOR-MAPPED-ADDRESS.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

export const STUN_PORT = 3478;

export interface Endpoint {
  /** IPv4 or IPv6 in its shortest form. */
  address: string;
  port: number;
}

export interface StunMessage {
  kind: 'request' | 'response' | 'error';
  /** 16 bytes. With the magic cookie of RFC 5389 in front the other side speaks that. */
  transaction: Buffer;
  mappedAddress?: Endpoint;
  xorMappedAddress?: Endpoint;
  /** Destination of the answer, in place of the source of the request. */
  responseAddress?: Endpoint;
  sourceAddress?: Endpoint;
  changedAddress?: Endpoint;
  reflectedFrom?: Endpoint;
  /** The other address or port of the server that shall send the answer. */
  changeRequest?: { address: boolean; port: boolean };
  /** Without the spaces that pad it. */
  username?: string;
  error?: { code: number; reason: string };
  unknownAttributes?: number[];
  /** TR-069 Annex G: the request comes from the port that takes UDP connection requests. */
  connectionRequestBinding?: boolean;
  /** TR-069 Annex G: the binding is another one than before. */
  bindingChange?: boolean;
  /** There is a MESSAGE-INTEGRITY; hasIntegrity() judges it. */
  integrity?: boolean;
  /** Attributes that must be understood (below 0x8000) and are not: a request with one is answered 420. */
  notUnderstood?: number[];
}

const HEADER = 20;
const MAX_MESSAGE = 2048;
const MAX_ATTRIBUTES = 32;
const INTEGRITY_SIZE = 24;

const types = { request: 0x0001, response: 0x0101, error: 0x0111 } as const;
const kinds = new Map(Object.entries(types).map(([kind, type]) => [type as number, kind as StunMessage['kind']]));

/** RFC 3489 11.2, RFC 5389 15, TR-069 Annex G. */
const codes = {
  mappedAddress: 0x0001,
  responseAddress: 0x0002,
  changeRequest: 0x0003,
  sourceAddress: 0x0004,
  changedAddress: 0x0005,
  username: 0x0006,
  integrity: 0x0008,
  error: 0x0009,
  unknownAttributes: 0x000a,
  reflectedFrom: 0x000b,
  xorMappedAddress: 0x0020,
  /** The same in servers older than RFC 5389. */
  xorMappedAddressBefore: 0x8020,
  connectionRequestBinding: 0xc001,
  bindingChange: 0xc002,
} as const;

const plainAddresses = [
  'mappedAddress',
  'responseAddress',
  'sourceAddress',
  'changedAddress',
  'reflectedFrom',
] as const satisfies (keyof StunMessage & keyof typeof codes)[];
const plainAddressOf = new Map<number, (typeof plainAddresses)[number]>(
  plainAddresses.map(name => [codes[name], name]),
);

/** TR-069 Annex G: the value of CONNECTION-REQUEST-BINDING, 20 bytes with the space at its end. */
const BINDING_MARK = 'dslforum.org/TR-111 ';

/** RFC 5389 6. */
const COOKIE = 0x2112a442;

/** True for a message of the newer form, whose readers look for XOR-MAPPED-ADDRESS. */
export const hasCookie = ({ transaction }: StunMessage): boolean => transaction.readUInt32BE(0) === COOKIE;

/** `192.0.2.1:3478`, `[2001:db8::1]:3478` (RFC 3986 3.2). */
export const authorityOf = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

// ---- writing ----

/**
 * @param key adds MESSAGE-INTEGRITY with this password as its last attribute (RFC 3489 11.2.8)
 * @param padded whether the text under it is filled up to 64 bytes as RFC 3489 has it; RFC 5389 does not
 */
export function encodeStun(message: StunMessage, key?: string, padded = true): Buffer {
  const attributes = attributesOf(message);
  if (key !== undefined) attributes.push([codes.integrity, Buffer.alloc(INTEGRITY_SIZE - 4)]);
  const body = Buffer.concat(attributes.map(([code, value]) => attribute(code, value)));
  const header = Buffer.alloc(4);
  header.writeUInt16BE(types[message.kind], 0);
  header.writeUInt16BE(body.length, 2);
  const bytes = Buffer.concat([header, message.transaction.subarray(0, 16), body]);
  if (key !== undefined) tag(bytes, bytes.length - INTEGRITY_SIZE, key, padded).copy(bytes, bytes.length - 20);
  return bytes;
}

function attributesOf(message: StunMessage): [number, Buffer][] {
  const list: [number, Buffer][] = [];
  const { error, changeRequest, username, unknownAttributes } = message;
  if (error) list.push([codes.error, errorValue(error)]);
  if (unknownAttributes) list.push([codes.unknownAttributes, codeList(unknownAttributes)]);
  for (const name of plainAddresses) {
    const endpoint = message[name];
    if (endpoint) list.push([codes[name], endpointValue(endpoint)]);
  }
  if (message.xorMappedAddress) {
    list.push([codes.xorMappedAddress, crossed(endpointValue(message.xorMappedAddress), message.transaction)]);
  }
  if (changeRequest) {
    list.push([
      codes.changeRequest,
      Buffer.from([0, 0, 0, (changeRequest.address ? 4 : 0) | (changeRequest.port ? 2 : 0)]),
    ]);
  }
  if (message.connectionRequestBinding) list.push([codes.connectionRequestBinding, Buffer.from(BINDING_MARK)]);
  if (message.bindingChange) list.push([codes.bindingChange, Buffer.alloc(0)]);
  if (username !== undefined) list.push([codes.username, spaced(username)]);
  return list;
}

function attribute(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(code, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
}

/** RFC 3489 11.2.6: lengths are multiples of four. TR-069 Annex G fills up with spaces. */
function spaced(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3, ' ')]);
}

function errorValue({ code, reason }: { code: number; reason: string }): Buffer {
  return Buffer.concat([Buffer.from([0, 0, Math.floor(code / 100), code % 100]), spaced(reason)]);
}

/** RFC 3489 11.2.10: an odd list repeats one of its entries. */
function codeList(list: readonly number[]): Buffer {
  const even = list.length % 2 === 0 ? list : [...list, list[0] ?? 0];
  const bytes = Buffer.alloc(even.length * 2);
  for (const [at, code] of even.entries()) bytes.writeUInt16BE(code, at * 2);
  return bytes;
}

/** RFC 3489 11.2.1. */
function endpointValue({ address, port }: Endpoint): Buffer {
  const ip = isIP(address) === 4 ? Buffer.from(address.split('.').map(Number)) : bytesOfIPv6(address);
  const head = Buffer.from([0, ip.length === 4 ? 1 : 2, 0, 0]);
  head.writeUInt16BE(port, 2);
  return Buffer.concat([head, ip]);
}

function bytesOfIPv6(text: string): Buffer {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const pair = (high: string | undefined, low: string | undefined): string =>
    ((Number(high) << 8) | Number(low)).toString(16);
  const [, before, a, b, c, d] = dotted ?? [];
  const plain = dotted ? `${before}${pair(a, b)}:${pair(c, d)}` : text;
  const [front = '', back] = plain.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16));
  const [first, last] = [groups(front), groups(back ?? '')];
  const bytes = Buffer.alloc(16);
  for (const [at, group] of first.entries()) bytes.writeUInt16BE(group, at * 2);
  for (const [at, group] of last.entries()) bytes.writeUInt16BE(group, (8 - last.length + at) * 2);
  return bytes;
}

// ---- reading ----

/** A Binding message; undefined for anything else, and for one with inconsistent attributes. Never throws. */
export function decodeStun(bytes: Buffer): StunMessage | undefined {
  if (bytes.length < HEADER || bytes.length > MAX_MESSAGE) return undefined;
  const kind = kinds.get(bytes.readUInt16BE(0));
  if (!kind || bytes.readUInt16BE(2) !== bytes.length - HEADER) return undefined;
  const message: StunMessage = { kind, transaction: Buffer.from(bytes.subarray(4, HEADER)) };
  const attributes = split(bytes);
  if (!attributes) return undefined;
  for (const { code, value } of attributes) {
    if (!take(message, code, value)) return undefined;
    // RFC 3489 11.2.8: it comes last; attributes behind it are not protected.
    if (code === codes.integrity) break;
  }
  return message;
}

interface Attribute {
  code: number;
  at: number;
  value: Buffer;
}

function split(bytes: Buffer): Attribute[] | undefined {
  const list: Attribute[] = [];
  for (let at = HEADER; at < bytes.length; ) {
    if (bytes.length - at < 4 || list.length === MAX_ATTRIBUTES) return undefined;
    const size = bytes.readUInt16BE(at + 2);
    const next = at + 4 + size + (-size & 3);
    if (next > bytes.length) return undefined;
    list.push({ code: bytes.readUInt16BE(at), at, value: bytes.subarray(at + 4, at + 4 + size) });
    at = next;
  }
  return list;
}

/** @returns false for a value that its attribute cannot have */
function take(message: StunMessage, code: number, value: Buffer): boolean {
  const named = plainAddressOf.get(code);
  if (named) return keep(message, named, endpointOf(value));
  switch (code) {
    case codes.xorMappedAddress:
    case codes.xorMappedAddressBefore:
      return keep(message, 'xorMappedAddress', endpointOf(crossed(value, message.transaction)));
    case codes.changeRequest:
      if (value.length !== 4) return false;
      return keep(message, 'changeRequest', { address: (value[3]! & 4) !== 0, port: (value[3]! & 2) !== 0 });
    case codes.username:
      return keep(message, 'username', value.toString('utf8').replace(/(?<![ \0])[ \0]+$/, ''));
    case codes.error:
      return keep(message, 'error', errorOf(value));
    case codes.unknownAttributes:
      return keep(message, 'unknownAttributes', codesIn(value));
    case codes.integrity:
      return value.length === INTEGRITY_SIZE - 4 && keep(message, 'integrity', true);
    case codes.connectionRequestBinding:
      return keep(message, 'connectionRequestBinding', value.toString('latin1').startsWith(BINDING_MARK.trimEnd()));
    case codes.bindingChange:
      return keep(message, 'bindingChange', true);
    default:
      if (code < 0x8000) message.notUnderstood = [...(message.notUnderstood ?? []), code];
      return true;
  }
}

/** The first of several counts (RFC 5389 15). */
function keep<N extends keyof StunMessage>(message: StunMessage, name: N, value: StunMessage[N] | undefined): boolean {
  if (value === undefined) return false;
  message[name] ??= value;
  return true;
}

function endpointOf(value: Buffer): Endpoint | undefined {
  if (value.length < 8) return undefined;
  const port = value.readUInt16BE(2);
  if (value[1] === 1 && value.length === 8) return { address: value.subarray(4).join('.'), port };
  if (value[1] !== 2 || value.length !== 20) return undefined;
  const groups = Array.from({ length: 8 }, (_, at) => value.readUInt16BE(4 + at * 2).toString(16));
  return { address: new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1), port };
}

/** RFC 5389 15.2: port and address are crossed with the cookie and the transaction, which lie side by side in the header. */
function crossed(value: Buffer, transaction: Buffer): Buffer {
  const out = Buffer.from(value);
  for (let at = 2; at < Math.min(out.length, 20); at++) out[at]! ^= transaction[at < 4 ? at - 2 : at - 4]!;
  return out;
}

function errorOf(value: Buffer): StunMessage['error'] {
  if (value.length < 4) return undefined;
  const code = (value[2]! & 7) * 100 + value[3]!;
  return {
    code,
    reason: value
      .subarray(4)
      .toString('utf8')
      .replace(/(?<![ \0])[ \0]+$/, ''),
  };
}

function codesIn(value: Buffer): number[] | undefined {
  if (value.length % 2 !== 0) return undefined;
  return Array.from({ length: value.length / 2 }, (_, at) => value.readUInt16BE(at * 2));
}

// ---- MESSAGE-INTEGRITY ----

/**
 * Checks that a decoded message was sealed with this password, and finds the form.
 * RFC 3489 11.2.8 fills the text up to 64 bytes, RFC 5389 15.4 does not; devices do either.
 */
export function integrityOf(bytes: Buffer, key: string): 'padded' | 'plain' | undefined {
  const found = split(bytes)?.find(({ code }) => code === codes.integrity);
  if (found?.value.length !== INTEGRITY_SIZE - 4) return undefined;
  for (const form of ['padded', 'plain'] as const) {
    if (timingSafeEqual(tag(bytes, found.at, key, form === 'padded'), found.value)) return form;
  }
  return undefined;
}

function tag(bytes: Buffer, at: number, key: string, padded: boolean): Buffer {
  const text = Buffer.from(bytes.subarray(0, at));
  // The length in the header counts up to the end of this attribute, whatever follows it (RFC 5389 15.4).
  text.writeUInt16BE(at + INTEGRITY_SIZE - HEADER, 2);
  const hmac = createHmac('sha1', key).update(text);
  return (padded ? hmac.update(Buffer.alloc(-text.length & 63)) : hmac).digest();
}
