// A SIP server that grants everything: the registrar of a gateway under test, over UDP or over the TLS connection that the unit keeps.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { createCa } from '../../../shared/pki/authority.ts';

/** 200 to each request in a text. */
function answersTo(text: string): string {
  return text
    .split(/(?<=\r\n\r\n)/)
    .filter(part => /^(REGISTER|OPTIONS|INFO|BYE) /.test(part))
    .map(part => {
      const copied = part.match(/^(Via|From|Call-ID|CSeq|Contact):.*\r\n/gim)?.join('') ?? '';
      const to = /^To:.*/im.exec(part)?.[0]?.trim() ?? 'To: <sip:a>';
      return `SIP/2.0 200 OK\r\n${copied}${to};tag=fuzz\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n`;
    })
    .join('');
}

export class UdpRegistrar {
  readonly #socket: UdpSocket = createSocket('udp4');

  async open(): Promise<number> {
    this.#socket.on('message', (bytes, from) => {
      const answer = answersTo(bytes.toString('latin1'));
      if (answer !== '') this.#socket.send(answer, from.port, from.address, () => undefined);
    });
    this.#socket.on('error', () => undefined);
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    return this.#socket.address().port;
  }

  close(): void {
    this.#socket.close();
  }
}

export class TlsRegistrar {
  readonly ca: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #current: Socket | undefined;
  #wake: (() => void) | undefined;

  private constructor(ca: string, server: Server) {
    this.ca = ca;
    this.#server = server;
    server.on('secureConnection', socket => this.#take(socket));
    server.on('tlsClientError', () => undefined);
  }

  static async open(): Promise<TlsRegistrar> {
    const ca = await createCa({ name: 'Fuzz CA', key: 'rsa', clock: systemClock(), random: systemRandom() });
    const { chain, key } = await ca.issue({
      commonName: '127.0.0.1',
      ips: ['127.0.0.1'],
      usage: ['server'],
      key: 'rsa',
    });
    const server = createServer({ cert: chain, key });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsRegistrar(ca.root, server);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** The unit's connection, as soon as there is one. */
  async connection(): Promise<Socket> {
    while (!this.#current) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    return this.#current;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  #take(socket: Socket): void {
    this.#open.add(socket);
    this.#current = socket;
    this.#wake?.();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#open.delete(socket);
      if (this.#current === socket) this.#current = undefined;
    });
    socket.on('data', (chunk: Buffer) => {
      const answer = answersTo(chunk.toString('latin1'));
      if (answer !== '' && !socket.destroyed) socket.write(answer);
    });
  }
}
