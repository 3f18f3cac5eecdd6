// An FTP client (RFC 959, RFC 2428): passive connections, binary files, one file an exchange.
import type { Socket } from 'node:net';
import type { Timer } from '../clock.ts';
import { connectTcp } from '../net/tcp.ts';
import { checkText, connectError, type FileExchange, LONGEST, TransferError } from './exchange.ts';
import { FtpControl, type Reply } from './ftp-control.ts';

const PORT = 21;

/** @returns the file; empty after one was sent @throws TransferError, or the reason of the signal */
export async function ftp(exchange: FileExchange): Promise<Buffer> {
  for (const what of ['path', 'username', 'password'] as const) checkText(exchange[what], what);
  const { host, port, clock, signal, silenceMs } = exchange;
  const socket = await connect(exchange, host, port || PORT);
  const control = new FtpControl(socket, clock, silenceMs);
  const limit = clock.after(LONGEST, () => control.fail(new TransferError('silent', 'the transfer takes too long')));
  const onAbort = (): void => control.fail(new TransferError('cut', 'the transfer was given up'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await converse(exchange, control);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    limit.cancel();
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

async function connect(exchange: FileExchange, host: string, port: number): Promise<Socket> {
  const { clock, signal, localAddress, silenceMs } = exchange;
  try {
    return await connectTcp({ host, port, clock, signal, localAddress, timeoutMs: Math.min(30_000, silenceMs) });
  } catch (error) {
    signal.throwIfAborted();
    throw connectError(error);
  }
}

async function converse(exchange: FileExchange, control: FtpControl): Promise<Buffer> {
  const { body, path, maxBytes } = exchange;
  await logIn(exchange, control);
  expect(await control.command('TYPE I'), [200]);
  const size = body ? body.length : await sizeOf(control, path);
  if (!body && size !== undefined && size > maxBytes) throw tooLarge(maxBytes);
  const data = await connect(exchange, control.remoteAddress, await passivePort(control));
  // An error of the data connection shows in what it carried; without a listener it would end the process.
  data.on('error', () => undefined);
  try {
    expect(await control.command(`${body ? 'STOR' : 'RETR'} ${path}`), [125, 150]);
    const bytes = body ? await sendAll(exchange, data, body) : await receiveAll(exchange, data, size);
    expect(await control.reply(), [226, 250]);
    if (!body && size !== undefined && bytes.length !== size) {
      throw new TransferError('cut', `the file ends after ${bytes.length} of ${size} bytes`);
    }
    return bytes;
  } finally {
    data.destroy();
  }
}

const tooLarge = (maxBytes: number): TransferError =>
  new TransferError('too-large', `the file is larger than ${maxBytes} bytes`);

function expect({ code, text }: Reply, wanted: readonly number[]): void {
  if (wanted.includes(code)) return;
  const kinds: Readonly<Record<number, TransferError['kind']>> = {
    421: 'cut',
    425: 'cut',
    426: 'cut',
    430: 'auth',
    450: 'missing',
    451: 'cut',
    530: 'auth',
    532: 'auth',
    550: 'missing',
    553: 'missing',
  };
  throw new TransferError(kinds[code] ?? 'protocol', `the server answers ${code}${text && `: ${text.slice(0, 150)}`}`);
}

async function logIn({ username, password }: FileExchange, control: FtpControl): Promise<void> {
  let greeting = await control.reply();
  // RFC 959: the service is ready in some minutes.
  if (greeting.code === 120) greeting = await control.reply();
  expect(greeting, [220]);
  const user = await control.command(`USER ${username || 'anonymous'}`);
  if (user.code === 230) return;
  expect(user, [331]);
  expect(await control.command(`PASS ${username ? password : 'anonymous@'}`), [230, 202]);
}

/** RFC 3659; not every server has it. */
async function sizeOf(control: FtpControl, path: string): Promise<number | undefined> {
  const { code, text } = await control.command(`SIZE ${path}`);
  const size = Number(text);
  return code === 213 && /^\d+$/.test(text) && Number.isSafeInteger(size) ? size : undefined;
}

/** The port alone: a data connection to another host than that of the control connection is not made. */
async function passivePort(control: FtpControl): Promise<number> {
  const extended = await control.command('EPSV');
  const port = /\(\|\|\|(\d{1,5})\|\)/.exec(extended.text)?.[1];
  if (extended.code === 229 && port !== undefined) return checked(Number(port));
  const passive = await control.command('PASV');
  expect(passive, [227]);
  const numbers = /(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})/.exec(passive.text);
  return checked(Number(numbers?.[5]) * 256 + Number(numbers?.[6]));
}

function checked(port: number): number {
  if (port >= 1 && port <= 65_535) return port;
  throw new TransferError('protocol', 'the server names no port for the file');
}

/** Runs `work` with a limit on the time without progress. */
function watched<T>(
  { clock, silenceMs, signal }: FileExchange,
  data: Socket,
  work: (moved: () => void, resolve: (result: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  let timer: Timer | undefined;
  const onAbort = (): void => {
    data.destroy();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return new Promise<T>((resolve, reject) => {
    const moved = (): void => {
      timer?.cancel();
      timer = clock.after(silenceMs, () => {
        reject(new TransferError('silent', 'the file does not go on'));
        data.destroy();
      });
    };
    moved();
    work(moved, resolve, reject);
  }).finally(() => {
    timer?.cancel();
    signal.removeEventListener('abort', onAbort);
  });
}

function receiveAll(exchange: FileExchange, data: Socket, size: number | undefined): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let done = 0;
  return watched(exchange, data, (moved, resolve, reject) => {
    data.on('data', (piece: Buffer) => {
      done += piece.length;
      if (done > exchange.maxBytes) {
        reject(tooLarge(exchange.maxBytes));
        data.destroy();
        return;
      }
      pieces.push(piece);
      exchange.onProgress?.(done, size);
      moved();
    });
    data.once('end', () => resolve(Buffer.concat(pieces)));
    data.once('close', () => reject(new TransferError('cut', `the file ends after ${done} bytes`)));
  });
}

function sendAll(exchange: FileExchange, data: Socket, body: Buffer): Promise<Buffer> {
  return watched(exchange, data, (moved, resolve, reject) => {
    data.once('close', () => reject(new TransferError('cut', 'the server closed the connection')));
    const PIECE = 64 * 1024;
    const next = (from: number): void => {
      moved();
      exchange.onProgress?.(Math.min(from, body.length), body.length);
      if (from < body.length) data.write(body.subarray(from, from + PIECE), error => !error && next(from + PIECE));
      else data.end(() => resolve(Buffer.alloc(0)));
    };
    data.resume();
    next(0);
  });
}
