// DER (X.690 10): reading and writing of values, as far as certificates and OCSP need it. Reading never passes the end.

export interface DerValue {
  tag: number;
  /** Without its header. */
  content: Buffer;
  /** With its header. */
  whole: Buffer;
}

export class DerError extends Error {
  override readonly name = 'DerError';
}

function readAt(bytes: Buffer, at: number): { value: DerValue; end: number } {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new DerError('no DER value');
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first - 0x80;
    if (count < 1 || count > 4 || start + count > bytes.length) throw new DerError('no DER length');
    length = bytes.readUIntBE(start, count);
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) throw new DerError('a DER value runs over the end');
  return { value: { tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) }, end };
}

/** The one value that the bytes are. @throws DerError */
export function readDer(bytes: Buffer): DerValue {
  const { value, end } = readAt(bytes, 0);
  if (end !== bytes.length) throw new DerError('bytes follow the DER value');
  return value;
}

/** Most values that one value may hold. */
const MAX_CHILDREN = 1000;

/** The values inside a constructed one. @throws DerError */
export function childrenOf({ content }: DerValue): DerValue[] {
  const out: DerValue[] = [];
  for (let at = 0; at < content.length; ) {
    if (out.length >= MAX_CHILDREN) throw new DerError('too many DER values');
    const { value, end } = readAt(content, at);
    out.push(value);
    at = end;
  }
  return out;
}

/** A value of this tag around others. */
export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits = Buffer.from(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 + digits.length]), digits, content]);
}

export const SEQUENCE = 0x30;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;
export const OID = 0x06;
