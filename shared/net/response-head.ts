// The heads of HTTP/1.1 answers as real servers send them, brought into the form that the parser takes: an interim 100 that was not asked for is
// left out (RFC 9110 15.2), a folded header line becomes one line (RFC 9112 5.2).
import type { Socket } from 'node:net';

/** The parser's own bound: a longer head is passed on unchanged and refused there. */
const MAX_HEAD = 16_384;

/** Reads the head of one answer after the other; bodies pass as they are. */
export class ResponseHeads {
  /** Bytes of a head that has not ended; undefined while none is due: a body passes, and what was not asked for. */
  #held: Buffer | undefined;

  /** A request goes out: the next bytes begin a head. */
  expect(): void {
    this.#held ??= Buffer.alloc(0);
  }

  /** @returns the bytes that can be passed on now; empty while a head is incomplete */
  pass(chunk: Buffer): Buffer {
    if (this.#held === undefined) return chunk;
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (;;) {
      const end = endOfHead(bytes);
      if (end < 0) return this.#hold(bytes);
      if (!/^HTTP\/1\.[01] 100[ \r\n]/.test(bytes.toString('latin1', 0, 16))) return this.#release(bytes, end);
      bytes = bytes.subarray(end);
      if (bytes.length === 0) return this.#hold(bytes);
    }
  }

  #hold(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1');
    // Bytes that are no head are passed on unchanged, and the parser refuses them.
    const isHead = 'HTTP/1.'.startsWith(text.slice(0, 7)) && !/(?:^|[^\r])\n/.test(text);
    if (isHead && bytes.length <= MAX_HEAD) {
      this.#held = bytes;
      return Buffer.alloc(0);
    }
    this.#held = undefined;
    return bytes;
  }

  #release(bytes: Buffer, end: number): Buffer {
    // Another interim answer (102, 103) is followed by one more head.
    const interim = /^HTTP\/1\.[01] 1(?!01)\d\d/.test(bytes.toString('latin1', 0, 16));
    const head = Buffer.from(unfolded(bytes.toString('latin1', 0, end)), 'latin1');
    this.#held = interim ? Buffer.alloc(0) : undefined;
    const rest = bytes.subarray(end);
    return Buffer.concat([head, interim && rest.length > 0 ? this.pass(rest) : rest]);
  }
}

/** The index after the empty line; -1 where there is none yet. */
function endOfHead(bytes: Buffer): number {
  const at = bytes.indexOf('\r\n\r\n');
  return at < 0 ? -1 : at + 4;
}

/** RFC 9112 5.2: a line that begins with white space continues the one before it; the break becomes one space. */
export const unfolded = (head: string): string => head.replace(/\r\n[ \t]+/g, ' ');

/** Lets a parser that reads this socket by `read` see every head in the form that it takes. */
export function readHeads(socket: Socket): Socket {
  const heads = new ResponseHeads();
  const { read, write } = socket;
  socket.write = ((...args: Parameters<Socket['write']>) => {
    heads.expect();
    return write.apply(socket, args);
  }) as Socket['write'];
  socket.read = (size?: number): unknown => {
    for (;;) {
      const chunk = read.call(socket, size) as Buffer | null;
      if (chunk === null || size === 0) return chunk;
      const passed = heads.pass(chunk);
      if (passed.length > 0) return passed;
    }
  };
  return socket;
}
