// The packets of TFTP (RFC 1350) with their options (RFC 2347, 2348, 2349).

export const OP = { RRQ: 1, WRQ: 2, DATA: 3, ACK: 4, ERROR: 5, OACK: 6 } as const;

/** The block size without options. */
export const PLAIN_BLOCK = 512;

export type Packet =
  | { kind: 'data'; block: number; bytes: Buffer }
  | { kind: 'ack'; block: number }
  | { kind: 'error'; code: number; message: string }
  | { kind: 'oack'; options: ReadonlyMap<string, string> };

export function request(op: 1 | 2, path: string, options: Readonly<Record<string, number>>): Buffer {
  const words = [path, 'octet', ...Object.entries(options).flatMap(([name, value]) => [name, String(value)])];
  return Buffer.concat([Buffer.from([0, op]), ...words.map(word => Buffer.from(`${word}\0`, 'utf8'))]);
}

const numbered = (op: number, number: number, rest: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(op, 0);
  head.writeUInt16BE(number, 2);
  return Buffer.concat([head, rest]);
};

export const data = (block: number, bytes: Buffer): Buffer => numbered(OP.DATA, block, bytes);
export const ack = (block: number): Buffer => numbered(OP.ACK, block);
export const failure = (code: number, message: string): Buffer =>
  numbered(OP.ERROR, code, Buffer.from(`${message}\0`, 'latin1'));

/** @returns undefined for bytes that are no packet of a server */
export function readPacket(bytes: Buffer): Packet | undefined {
  if (bytes.length < 2) return undefined;
  const op = bytes.readUInt16BE(0);
  if (op === OP.OACK) return { kind: 'oack', options: readOptions(bytes.subarray(2)) };
  if (bytes.length < 4) return undefined;
  const number = bytes.readUInt16BE(2);
  if (op === OP.DATA) return { kind: 'data', block: number, bytes: Buffer.from(bytes.subarray(4)) };
  if (op === OP.ACK) return { kind: 'ack', block: number };
  if (op !== OP.ERROR) return undefined;
  const message = bytes.toString('latin1', 4, 204).split('\0')[0] ?? '';
  return { kind: 'error', code: number, message: message.replace(/[^\x20-\x7e]+/g, ' ') };
}

function readOptions(bytes: Buffer): Map<string, string> {
  const words = bytes.toString('latin1', 0, 512).split('\0');
  const options = new Map<string, string>();
  for (let at = 0; at + 1 < words.length; at += 2) options.set((words[at] ?? '').toLowerCase(), words[at + 1] ?? '');
  return options;
}
