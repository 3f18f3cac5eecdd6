// Lines of text from a socket.
import type { Socket } from 'node:net';

/** Calls `take` for each line; a line longer than `limit` characters closes the socket. */
export function onLine(socket: Socket, take: (line: string) => void, limit = Number.POSITIVE_INFINITY): void {
  let held = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (held + text).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) take(line);
    if (held.length > limit) socket.destroy();
  });
}
