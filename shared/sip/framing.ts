// Cuts SIP messages out of a stream by Content-Length (RFC 3261 18.3) and notices the CRLFs between them (7.5, RFC 5626 3.5.1).
import { contentLength, Headers } from './headers.ts';
import { endOfHeaders, sipLimits } from './message.ts';

interface FrameSink {
  /** One whole message, start line to the end of its body. */
  message(bytes: Buffer): void;
  /** One CRLF outside a message. `pair` is true when it is the second in a row: a ping. */
  crlf(pair: boolean): void;
  /** The stream cannot be followed any more; `bytes` are its head. Called once, nothing after it. */
  broken(reason: string, bytes: Buffer): void;
}

/** @returns a function that takes the stream's pieces, however they are split */
export function createFramer(sink: FrameSink): (chunk: Buffer) => void {
  let held: Buffer = Buffer.alloc(0);
  let scanned = 0;
  /** Of the body under way. */
  let length: number | string | undefined;
  let odd = false;
  let dead = false;

  const fail = (reason: string): false => {
    dead = true;
    sink.broken(reason, held.subarray(0, sipLimits.messageBytes));
    held = Buffer.alloc(0);
    return false;
  };

  const skipLineEnds = (): void => {
    let at = 0;
    for (;;) {
      if (held[at] === 13 && held[at + 1] === 10) at += 2;
      else if (held[at] === 10) at += 1;
      else break;
      sink.crlf(odd);
      odd = !odd;
      if (dead) return;
    }
    if (at > 0) held = held.subarray(at);
  };

  /** Hands over one message; false when more bytes are needed or the stream is lost. */
  const next = (): boolean => {
    skipLineEnds();
    if (dead || held.length === 0 || (held.length === 1 && held[0] === 13)) return false;
    const end = endOfHeaders(held, scanned);
    if (!end) {
      // The three bytes before the end may be the start of the empty line.
      scanned = Math.max(0, held.length - 3);
      return held.length > sipLimits.messageBytes ? fail('the headers do not end') : false;
    }
    scanned = Math.max(0, end.headers - 3);
    length ??= lengthIn(held.toString('latin1', 0, end.headers));
    if (typeof length === 'string') return fail(length);
    const total = end.body + length;
    if (total > sipLimits.messageBytes) return fail(`message of ${total} bytes; at most ${sipLimits.messageBytes}`);
    if (held.length < total) return false;
    const bytes = Buffer.from(held.subarray(0, total));
    held = held.subarray(total);
    scanned = 0;
    length = undefined;
    odd = false;
    sink.message(bytes);
    return !dead;
  };

  return chunk => {
    if (dead) return;
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (next());
  };
}

/** The Content-Length of a header block, or what is wrong with it; on a stream it must be there. RFC 3261 18.3 */
function lengthIn(block: string): number | string {
  const headers = new Headers();
  for (const [, value = ''] of block.matchAll(/^(?:content-length|l)[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)/gim)) {
    headers.add('Content-Length', value.replace(/\r?\n/g, ' ').replaceAll('\r', ' '));
  }
  return contentLength(headers) ?? 'no Content-Length on a stream';
}
