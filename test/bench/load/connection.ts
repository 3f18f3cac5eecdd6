// One connection of a simulated CPE: a raw TCP or TLS socket and just enough of HTTP, so that the load costs little.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';

export interface TlsSettings {
  maxVersion: 'TLSv1.2' | 'TLSv1.3';
  ciphers?: string;
  /** Takes the last connection's TLS session up again. */
  resume: boolean;
}

export interface HttpAnswer {
  status: number;
  body: string;
  /** Header lines as they came. */
  head: string;
}

export interface Connection {
  /** One POST and its answer. @throws Error when the connection ends first */
  post(headers: readonly string[], body: string): Promise<HttpAnswer>;
  resumed: boolean;
  /** Version and suite of TLS; '' in clear. */
  agreed: string;
  /** Bytes so far; over TLS those before encryption. */
  bytes(): { sent: number; received: number };
  close(): void;
}

/** Connections of one kind, with what they share: the context, the TLS session to be resumed. */
export interface Connector {
  /** @param from the address of the CPE; default: any */
  open(from?: string): Promise<Connection>;
}

export function createConnector(port: number, tls: TlsSettings | undefined): Connector {
  let context: SecureContext | undefined;
  let ticket: Buffer | undefined;

  const openTls = async (settings: TlsSettings): Promise<TLSSocket> => {
    context ??= createSecureContext({
      maxVersion: settings.maxVersion,
      ...(settings.ciphers ? { ciphers: settings.ciphers } : {}),
    });
    const session = settings.resume ? ticket : undefined;
    const socket = connectTls({
      host: '127.0.0.1',
      port,
      secureContext: context,
      rejectUnauthorized: false,
      ...(session ? { session } : {}),
    });
    // A TLS 1.3 ticket comes only after the handshake.
    socket.on('session', found => {
      ticket = found;
    });
    await opened(socket, 'secureConnect');
    return socket;
  };

  return {
    open: async from => {
      if (tls) {
        const socket = await openTls(tls);
        return {
          ...talk(socket),
          resumed: socket.isSessionReused(),
          agreed: `${socket.getProtocol()} ${socket.getCipher().name}`,
          close: () => socket.destroy(),
        };
      }
      const socket = connectTcp({ host: '127.0.0.1', port, ...(from ? { localAddress: from } : {}) });
      await opened(socket, 'connect');
      return { ...talk(socket), resumed: false, agreed: '', close: () => socket.destroy() };
    },
  };
}

async function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, resolve);
    socket.once('error', reject);
  });
  socket.setNoDelay(true);
}

function talk(socket: Socket): Pick<Connection, 'post' | 'bytes'> {
  const bytes = { sent: 0, received: 0 };
  let text = '';
  let wake: (() => void) | undefined;
  let ended = false;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    bytes.received += chunk.length;
    wake?.();
  });
  const over = (): void => {
    ended = true;
    wake?.();
  };
  socket.on('close', over).on('error', over);

  const read = async (): Promise<HttpAnswer> => {
    for (;;) {
      const answer = wholeAnswer(text);
      if (answer) {
        text = text.slice(answer.length);
        return answer;
      }
      if (ended) throw new Error('connection closed');
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  };
  const post: Connection['post'] = async (headers, body) => {
    const message = `${headers.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    // Head and body in one write: what a CPE's style costs the server is the same on both sides.
    socket.write(message);
    bytes.sent += Buffer.byteLength(message);
    return await read();
  };
  return { post, bytes: () => bytes };
}

/** An answer with Content-Length or without a body, once it is all there. */
function wholeAnswer(text: string): (HttpAnswer & { length: number }) | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const length = end + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  if (text.length < length) return undefined;
  return { status: Number(text.slice(9, 12)), head, body: text.slice(end + 4, length), length };
}
