// A SIP peer of another make: bytes on a socket, answers written by hand. It is registrar, proxy and telephone in one, over TLS or UDP.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type TLSSocket } from 'node:tls';

/** Lines of a message, without their ends. */
export class RawMessage {
  readonly lines: readonly string[];

  constructor(text: string) {
    this.lines = (text.split('\r\n\r\n')[0] ?? '').split('\r\n');
  }

  get first(): string {
    return this.lines[0] ?? '';
  }

  /** The values of a header, one a line. */
  all(name: string): string[] {
    return this.lines
      .filter(line => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      .map(line => line.slice(name.length + 1).trim());
  }

  get(name: string): string {
    return this.all(name)[0] ?? '';
  }

  /** The answer to this request. @param lines further headers */
  answer(status: string, lines: readonly string[] = [], body = ''): string {
    const copied = this.lines.filter(line => /^(Via|From|Call-ID|CSeq):/i.test(line));
    const to = /;tag=/.test(this.get('To')) || status.startsWith('100') ? this.get('To') : `${this.get('To')};tag=peer`;
    return rawText(`SIP/2.0 ${status}`, [...copied, `To: ${to}`, ...lines], body);
  }
}

export function rawText(first: string, lines: readonly string[], body = ''): string {
  const type = body === '' ? [] : ['Content-Type: application/sdp'];
  return [first, ...lines, ...type, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

export interface RawPeer {
  port: number;
  send(text: string): void;
  /** The next message whose first line fits; REGISTERs are answered here. */
  next(fits: RegExp): Promise<RawMessage>;
  /** First lines of all that came. */
  readonly seen: string[];
  close(): Promise<void>;
}

/** Messages as they come, until a test asks for them. */
class Inbox {
  readonly seen: string[] = [];
  readonly #waiting: RawMessage[] = [];
  readonly #takers: { fits: RegExp; take: (message: RawMessage) => void }[] = [];
  readonly #send: (text: string) => void;

  readonly #granted: number;

  constructor(send: (text: string) => void, granted = 3600) {
    this.#send = send;
    this.#granted = granted;
  }

  take(text: string): void {
    const message = new RawMessage(text);
    this.seen.push(message.first);
    if (message.first.startsWith('REGISTER ')) {
      this.#send(message.answer('200 OK', [`Contact: ${message.get('Contact')};expires=${this.#granted}`]));
      return;
    }
    const at = this.#takers.findIndex(({ fits }) => fits.test(message.first));
    if (at < 0) this.#waiting.push(message);
    else this.#takers.splice(at, 1)[0]?.take(message);
  }

  next(fits: RegExp): Promise<RawMessage> {
    const at = this.#waiting.findIndex(({ first }) => fits.test(first));
    const [found] = at < 0 ? [] : this.#waiting.splice(at, 1);
    return found ? Promise.resolve(found) : new Promise(take => this.#takers.push({ fits, take }));
  }
}

/** Whole messages of a stream, by their Content-Length. */
function messagesOf(take: (text: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return chunk => {
    rest += chunk.toString('latin1');
    for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
      const length = Number(/^Content-Length:\s*(\d+)/im.exec(rest.slice(0, end))?.[1] ?? 0);
      if (rest.length < end + 4 + length) return;
      const text = rest.slice(0, end + 4 + length);
      rest = rest.slice(end + 4 + length);
      if (text.trim() !== '') take(text);
    }
  };
}

/** Takes the connection of one unit. */
export async function rawTlsPeer(cert: string, key: string): Promise<RawPeer> {
  const sockets: TLSSocket[] = [];
  const send = (text: string): void => void sockets.at(-1)?.write(text, 'latin1');
  const inbox = new Inbox(send);
  const server = createServer({ cert, key }, socket => {
    sockets.push(socket);
    socket
      .on(
        'data',
        messagesOf(text => inbox.take(text)),
      )
      .on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  return {
    port: address.port,
    send,
    next: fits => inbox.next(fits),
    seen: inbox.seen,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/**
 * @param to the port at 127.0.0.1, or the address with port, that messages go to
 * @param granted seconds that registrations last
 */
export async function rawUdpPeer(to: { host: string; port: number }, granted?: number): Promise<RawPeer> {
  const socket = createSocket('udp4');
  const send = (text: string): void => socket.send(Buffer.from(text, 'latin1'), to.port, to.host);
  const inbox = new Inbox(send, granted);
  socket.on('message', bytes => inbox.take(bytes.toString('latin1')));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    send,
    next: fits => inbox.next(fits),
    seen: inbox.seen,
    close: async () => void socket.close(),
  };
}
