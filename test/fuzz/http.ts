// HTTP requests of valid conversations, as bytes with marks.
import { gzipSync } from 'node:zlib';
import type { Message } from './plan.ts';

export interface HttpRequest {
  method?: string;
  path: string;
  headers?: readonly string[];
  body?: string | Buffer;
  coding?: 'gzip' | 'chunked';
  answered?: boolean;
}

export function httpRequest({
  method = 'POST',
  path,
  headers = [],
  body = '',
  coding,
  answered = true,
}: HttpRequest): Message {
  const head = (more: readonly string[]): string =>
    [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, ...more].join('\r\n');
  const framed = (changed: Buffer, more: readonly string[]): Buffer =>
    Buffer.concat([Buffer.from(`${head(more)}\r\n\r\n`, 'latin1'), changed]);
  const frame = (changed: Buffer): Buffer => {
    if (coding === 'gzip') return framed(gzipSync(changed), ['Content-Encoding: gzip', 'Content-Length: @{length}@']);
    if (coding === 'chunked') return framed(chunksOf(changed), ['Transfer-Encoding: chunked']);
    return framed(changed, method === 'GET' ? [] : ['Content-Length: @{length}@']);
  };
  return { body: Buffer.from(body), frame, answered };
}

function chunksOf(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += 700) {
    const part = body.subarray(at, at + 700);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}
