// Encoding of messages between processes: JSON, followed by the bytes of `body` where the data has one.
import type { SentError } from '../store/sqlite/threads/batch.ts';
import { receivedError, sentError } from '../store/sqlite/threads/thread.ts';

export type Message =
  | { type: 'call'; id: number; what: string; data: unknown }
  /** A call without an answer. */
  | { type: 'tell'; what: string; data: unknown }
  | { type: 'answer'; id: number; data: unknown }
  | { type: 'failure'; id: number; error: Error };

const LENGTH_BYTES = 4;

export function encodeMessage(message: Message): Buffer {
  const [plain, body] = 'data' in message ? splitBody(message.data) : [undefined, undefined];
  const json = Buffer.from(JSON.stringify(fieldsOf(message, plain, body !== undefined)));
  const head = Buffer.alloc(LENGTH_BYTES);
  head.writeUInt32BE(json.length);
  return Buffer.concat(body ? [head, json, body] : [head, json]);
}

function fieldsOf(message: Message, data: unknown, hasBody: boolean): unknown[] {
  const rest = hasBody ? [data, 1] : [data];
  switch (message.type) {
    case 'call':
      return ['c', message.id, message.what, ...rest];
    case 'tell':
      return ['t', 0, message.what, ...rest];
    case 'answer':
      return ['a', message.id, '', ...rest];
    case 'failure':
      return ['f', message.id, '', sentError(message.error)];
  }
}

function splitBody(data: unknown): [unknown, Buffer | undefined] {
  if (typeof data !== 'object' || data === null || !('body' in data) || !ArrayBuffer.isView(data.body))
    return [data, undefined];
  const { body, ...plain } = data as { body: Uint8Array };
  return [plain, Buffer.from(body.buffer, body.byteOffset, body.byteLength)];
}

/** @throws Error for bytes that encodeMessage has not made */
export function decodeMessage(bytes: Buffer): Message {
  const length = bytes.readUInt32BE(0);
  const json = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length).toString('utf8');
  const [type, id, what, plain, hasBody] = JSON.parse(json) as [string, number, string, unknown, 1?];
  const data = hasBody ? { ...(plain as object), body: bytes.subarray(LENGTH_BYTES + length) } : (plain ?? undefined);
  switch (type) {
    case 'c':
      return { type: 'call', id, what, data };
    case 't':
      return { type: 'tell', what, data };
    case 'a':
      return { type: 'answer', id, data };
    case 'f':
      return { type: 'failure', id, error: receivedError(plain as SentError) };
    default:
      throw new Error(`a message of the kind ${type}`);
  }
}
