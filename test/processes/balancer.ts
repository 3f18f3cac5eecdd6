// A load balancer without memory: each POST goes to the next server, over a connection of its own. A server that does not
// answer is passed over; one that dies in the middle of an answer takes the caller's connection with it.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

export interface Balancer {
  url: string;
  /** Requests by server. */
  counts: Map<string, number>;
  close(): Promise<void>;
}

/** @param servers base URLs of those that are to be tried now */
export async function openBalancer(servers: () => string[]): Promise<Balancer> {
  const counts = new Map<string, number>();
  let turn = 0;

  const pass = (from: IncomingMessage, to: ServerResponse, body: Buffer, left: string[]): void => {
    const [server, ...others] = left;
    if (server === undefined) return void to.destroy();
    counts.set(server, (counts.get(server) ?? 0) + 1);
    const headers = { ...from.headers, connection: 'close', 'x-forwarded-for': from.socket.remoteAddress ?? '' };
    const { hostname, port } = new URL(server);
    const onward = request({ hostname, port, method: from.method, path: from.url, headers, agent: false }, answer => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const { connection: _connection, 'transfer-encoding': _encoding, ...kept } = answer.headers;
        const whole = Buffer.concat(parts);
        to.writeHead(answer.statusCode ?? 502, { ...kept, 'content-length': whole.length });
        to.end(whole);
      });
      answer.on('error', () => to.destroy());
    });
    onward.on('error', error => {
      // A request may go to another server only if this one surely did not hear it.
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') pass(from, to, body, others);
      else to.destroy();
    });
    onward.end(body);
  };
  const server = createServer((from, to) => {
    const parts: Buffer[] = [];
    from.on('data', (part: Buffer) => parts.push(part));
    from.on('end', () => {
      const all = servers();
      const first = turn++ % Math.max(1, all.length);
      pass(from, to, Buffer.concat(parts), [...all.slice(first), ...all.slice(0, first)]);
    });
    from.on('error', () => to.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    counts,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
