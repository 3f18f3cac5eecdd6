// Folded header lines (RFC 9112 5.2) in the requests of a unit, as some clients still send them. An HTTP client of today writes none, so the
// lines are broken where the head goes into the socket.
import type { Socket } from 'node:net';

/** Lines that a server must read as they are, before it can read anything else. */
const whole = /^(?:content-length|transfer-encoding|host|connection|expect):/i;

/** The head with each line broken after a comma, a semicolon or the first word of its value. */
export function folded(head: string): string {
  const [request = '', ...lines] = head.split('\r\n');
  return [request, ...lines.map(line => (whole.test(line) ? line : broken(line)))].join('\r\n');
}

const broken = (line: string): string =>
  /[,;] /.test(line) ? line.replace(/([,;]) /g, '$1\r\n ') : line.replace(/^([^:]+: ?\S+) /, '$1\r\n\t');

/** From here on the heads that are written to the socket are folded. */
export function foldHeads(socket: Socket): void {
  const { write } = socket;
  socket.write = ((chunk: unknown, ...rest: unknown[]) => {
    const isHead = typeof chunk === 'string' && /^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(chunk);
    return Reflect.apply(write, socket, [isHead ? folded(chunk) : chunk, ...rest]) as boolean;
  }) as Socket['write'];
}
