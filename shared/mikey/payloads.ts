// The payloads of a MIKEY message that pre-shared and NULL key transport need (RFC 3830 6.2 to 6.15), each read and written.
// Public keys, Diffie-Hellman and certificates are not taken.
import { type ByteReader, counted, uint } from './bytes.ts';
import { MikeyError } from './error.ts';

export interface PolicyParameter {
  type: number;
  value: Buffer;
}

export type Payload =
  /** 6.2; `data` as it travels, encrypted or not. */
  | { kind: 'kemac'; encryption: 0 | 1; data: Buffer; authentication: 0 | 1; mac: Buffer }
  /** 6.6; 8 bytes of NTP time, or 4 of a counter. */
  | { kind: 'timestamp'; type: 0 | 1 | 2; value: Buffer }
  /** 6.7 */
  | { kind: 'identity'; type: number; data: Buffer }
  /** 6.9 */
  | { kind: 'verification'; authentication: 0 | 1; mac: Buffer }
  /** 6.10 */
  | { kind: 'policy'; number: number; parameters: PolicyParameter[] }
  /** 6.11 */
  | { kind: 'rand'; rand: Buffer }
  /** 6.12 */
  | { kind: 'error'; number: number }
  /** 6.15 */
  | { kind: 'extension'; type: number; data: Buffer };

export type PayloadKind = Payload['kind'];

/** Table 6.1.b */
export const payloadNumbers: Readonly<Record<PayloadKind, number>> = {
  kemac: 1,
  timestamp: 5,
  identity: 6,
  verification: 9,
  policy: 10,
  rand: 11,
  error: 12,
  extension: 21,
};
const kinds = new Map(Object.entries(payloadNumbers).map(([kind, number]) => [number, kind as PayloadKind]));

const MAC_BYTES = 20;
const MAX_IDENTITY = 1024;
const MAX_KEYS = 4096;
const MAX_EXTENSION = 4096;
/** RFC 3830 6.11 recommends 16 bytes at least; fewer are refused. */
const MIN_RAND = 16;
const SRTP = 0;

function algorithm(value: number, name: 'encryption' | 'mac'): 0 | 1 {
  if (value !== 0 && value !== 1) throw new MikeyError(name, `${name} algorithm ${value} is not supported`);
  return value;
}

type Read = (reader: ByteReader) => Payload;

const readers: Readonly<Record<PayloadKind, Read>> = {
  kemac: reader => {
    const encryption = algorithm(reader.number(1, 'KEMAC'), 'encryption');
    const data = reader.counted(2, MAX_KEYS, 'KEMAC');
    const authentication = algorithm(reader.number(1, 'KEMAC'), 'mac');
    return { kind: 'kemac', encryption, data, authentication, mac: reader.take(authentication * MAC_BYTES, 'the MAC') };
  },
  timestamp: reader => {
    const type = reader.number(1, 'the timestamp');
    if (type !== 0 && type !== 1 && type !== 2) throw new MikeyError('timestamp', `timestamp type ${type}`);
    return { kind: 'timestamp', type, value: reader.take(type === 2 ? 4 : 8, 'the timestamp') };
  },
  identity: reader => {
    const type = reader.number(1, 'an identity');
    if (type > 1) throw new MikeyError('identity', `identity type ${type} is not supported`);
    return { kind: 'identity', type, data: reader.counted(2, MAX_IDENTITY, 'an identity') };
  },
  verification: reader => {
    const authentication = algorithm(reader.number(1, 'the verification'), 'mac');
    return { kind: 'verification', authentication, mac: reader.take(authentication * MAC_BYTES, 'the verification') };
  },
  policy: reader => {
    const number = reader.number(1, 'a policy');
    const protocol = reader.number(1, 'a policy');
    if (protocol !== SRTP) throw new MikeyError('policy', `security protocol ${protocol} is not supported`);
    return { kind: 'policy', number, parameters: readParameters(reader) };
  },
  rand: reader => {
    const rand = reader.counted(1, 255, 'RAND');
    if (rand.length < MIN_RAND) throw new MikeyError('unspecified', `RAND has fewer than ${MIN_RAND} bytes`);
    return { kind: 'rand', rand };
  },
  error: reader => {
    const number = reader.number(1, 'an error');
    reader.take(2, 'an error');
    return { kind: 'error', number };
  },
  extension: reader => {
    const type = reader.number(1, 'an extension');
    return { kind: 'extension', type, data: reader.counted(2, MAX_EXTENSION, 'an extension') };
  },
};

function readParameters(reader: ByteReader): PolicyParameter[] {
  const parameters: PolicyParameter[] = [];
  for (let left = reader.number(2, 'a policy'); left > 0; ) {
    const type = reader.number(1, 'a policy');
    const value = reader.counted(1, 255, 'a policy');
    parameters.push({ type, value });
    left -= 2 + value.length;
    if (left < 0) throw new MikeyError('unspecified', 'a policy is shorter than its parameters');
  }
  return parameters;
}

/** Reads the payload of that number, behind its `next payload` field. @throws MikeyError */
export function readPayload(number: number, reader: ByteReader): Payload {
  const kind = kinds.get(number);
  if (!kind) throw new MikeyError('dataType', `payload ${number} is not supported`);
  return readers[kind](reader);
}

/** The payload behind its `next payload` field. */
export function payloadBytes(payload: Payload): Buffer {
  switch (payload.kind) {
    case 'kemac':
      return Buffer.concat([
        uint(1, payload.encryption),
        counted(2, payload.data),
        uint(1, payload.authentication),
        payload.mac,
      ]);
    case 'timestamp':
      return Buffer.concat([uint(1, payload.type), payload.value]);
    case 'identity':
    case 'extension':
      return Buffer.concat([uint(1, payload.type), counted(2, payload.data)]);
    case 'verification':
      return Buffer.concat([uint(1, payload.authentication), payload.mac]);
    case 'policy': {
      const parameters = payload.parameters.map(({ type, value }) => Buffer.concat([uint(1, type), counted(1, value)]));
      return Buffer.concat([uint(1, payload.number), uint(1, SRTP), counted(2, Buffer.concat(parameters))]);
    }
    case 'rand':
      return counted(1, payload.rand);
    case 'error':
      return Buffer.concat([uint(1, payload.number), uint(2, 0)]);
  }
}
