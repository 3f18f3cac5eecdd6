// Servers and clients of the tests of the HTTP client; `closeAll` ends them after each test.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { seededRandom, systemClock } from '../../../shared/clock.ts';
import {
  createHttp,
  type HttpClient,
  HttpError,
  type HttpErrorKind,
  type HttpOptions,
  type HttpRequest,
} from '../../../shared/net/http.ts';

export const clock = systemClock();
export const random = seededRandom(1);
export const text = (body: Buffer): string => body.toString('utf8');

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export const opened: { servers: TcpServer[]; clients: HttpClient[]; sockets: Set<Socket> } = {
  servers: [],
  clients: [],
  sockets: new Set(),
};

/** Closes all that the test has opened. */
export async function closeAll(): Promise<void> {
  for (const client of opened.clients.splice(0)) await client.close();
  for (const socket of opened.sockets) socket.destroy();
  for (const server of opened.servers.splice(0)) server.close();
}

export async function listen<S extends TcpServer>(
  server: S,
  scheme = 'http',
): Promise<{ url: string; server: S; connections: () => number }> {
  opened.servers.push(server);
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    opened.sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => opened.sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { url: `${scheme}://127.0.0.1:${port}`, server, connections: () => connections };
}

export const serve = (listener: RequestListener) => listen<Server>(createHttpServer(listener));
/** A server that answers each request with these bytes. */
export const raw = (answer: string | ((socket: Socket) => void)) =>
  listen(
    createTcpServer(socket => {
      socket.on('data', () => (typeof answer === 'string' ? socket.write(answer) : answer(socket)));
    }),
  );

export const client = (options: Partial<HttpOptions> = {}): HttpClient => {
  const made = createHttp({ clock, ...options });
  opened.clients.push(made);
  return made;
};

export const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url,
  headers: {},
  ...more,
});
export const post = (url: string, body = 'hello', headers = {}): HttpRequest => ({
  method: 'POST',
  url,
  headers,
  body,
});

export const fails = (promise: Promise<unknown>, kind: HttpErrorKind, pattern = /./): Promise<void> =>
  assert.rejects(promise, error => {
    assert.ok(error instanceof HttpError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, pattern);
    return true;
  });
