// The CPE's side of HTTP by hand: bytes on a socket, so that a test can write headers as real devices do, also wrong ones.
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  status: number;
  /** Names in lower case; Set-Cookie and the like joined by line feeds. */
  headers: Map<string, string>;
  text: string;
  body: Buffer;
}

/** One connection. Requests go out as given; answers are read by Content-Length, chunks, or to the end. */
export class RawConnection {
  readonly socket: Socket;
  readonly #bytes: ReceivedBytes;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#bytes = new ReceivedBytes(socket);
  }

  /** @param from the address of this side */
  static async open(url: string, from = '127.0.0.1'): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({
      host: hostname,
      port: Number(port),
      ...(from === '127.0.0.1' ? {} : { localAddress: from }),
    });
    const connection = new RawConnection(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return connection;
  }

  /** The server has closed, or is seen to. */
  get ended(): boolean {
    return this.#bytes.ended;
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** Head lines without the blank one, then the body; Content-Length is the caller's. */
  async request(head: string[], body: string | Buffer = ''): Promise<RawAnswer> {
    this.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), Buffer.from(body)]));
    return await this.answer();
  }

  /** 100 Continue. @throws Error when something else comes */
  async interim(): Promise<void> {
    const { status } = parseHead(await this.#bytes.through('\r\n\r\n'));
    if (status !== 100) throw new Error(`${status} where 100 was awaited`);
  }

  async answer(): Promise<RawAnswer> {
    const { status, headers } = parseHead(await this.#bytes.through('\r\n\r\n'));
    const body = await this.#body(status, headers);
    return { status, headers, body, text: body.toString('utf8') };
  }

  close(): void {
    this.socket.destroy();
  }

  async #body(status: number, headers: Map<string, string>): Promise<Buffer> {
    if (status === 204 || status === 304) return Buffer.alloc(0);
    if (/chunked/i.test(headers.get('transfer-encoding') ?? '')) return await this.#chunks();
    return await this.#bytes.take(Number(headers.get('content-length') ?? 0));
  }

  async #chunks(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt(await this.#bytes.through('\r\n'), 16);
      parts.push(await this.#bytes.take(size));
      await this.#bytes.through('\r\n');
      if (size === 0) return Buffer.concat(parts);
    }
  }
}

/** The bytes that have come over a socket, taken in pieces. */
class ReceivedBytes {
  #received = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  ended = false;

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    const end = (): void => {
      this.ended = true;
      this.#wake?.();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  async through(mark: string): Promise<string> {
    for (;;) {
      const at = this.#received.indexOf(mark);
      if (at >= 0) return (await this.take(at + mark.length)).subarray(0, at).toString('latin1');
      await this.#more();
    }
  }

  async take(length: number): Promise<Buffer> {
    while (this.#received.length < length) await this.#more();
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  async #more(): Promise<void> {
    if (this.ended) throw new Error(`the connection ended after '${this.#received.toString('latin1').slice(0, 200)}'`);
    await new Promise<void>(resolve => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}

function parseHead(text: string): { status: number; headers: Map<string, string> } {
  const [first = '', ...lines] = text.split('\r\n');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers.set(name, headers.has(name) ? `${headers.get(name)}\n${value}` : value);
  }
  return { status: Number(first.split(' ')[1]), headers };
}
