// The control socket of a running program: only its owner may open it (mode 0600), one JSON object a line.
// Request `{"command": "status", "args": [], "options": {}}`, answer `{"ok": true, "result": …}` or `{"ok": false, "error": "…"}`; lines
// `{"progress": …}` may come before it. A client that closes its connection gives up what it asked for.
import { chmod, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { messageOf, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import { onLine } from './lines.ts';
import { openSocketPath } from './socket-path.ts';

export type Answer = { ok: true; result: unknown } | { ok: false; error: string };

export interface ControlRequest {
  command: string;
  args: readonly string[];
  options: Readonly<Record<string, string | number | boolean>>;
  /** Aborts when the client is gone. */
  signal: AbortSignal;
  /** Tells the client something before the answer. */
  progress(value: unknown): void;
}

export interface ControlOptions {
  path: string;
  /** Its result, or what it resolves to, is the answer. A UserError is told to the client, any other error logged too. */
  run: (request: ControlRequest) => unknown;
  log: Log;
}

const MAX_REQUEST = 65_536;
/** Connections at a time, and requests of one that wait. */
const MAX_CONNECTIONS = 64;
const MAX_WAITING = 16;

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

function readRequest(line: string): Pick<ControlRequest, 'command' | 'args' | 'options'> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UserError(400, 'not-json', `the request is not JSON: ${messageOf(error)}`);
  }
  const {
    command,
    args = [],
    options = {},
  } = (value ?? {}) as { command?: unknown; args?: unknown; options?: ControlRequest['options'] };
  const isArgs = Array.isArray(args) && args.every(one => typeof one === 'string');
  const isOptions = typeof options === 'object' && options !== null && Object.values(options).every(isScalar);
  if (typeof command !== 'string' || !isArgs || !isOptions) {
    throw new UserError(400, 'request', 'the request is not {"command": string, "args": string[], "options": object}');
  }
  return { command, args: args as string[], options };
}

/**
 * Serves commands at that path until the returned function is called.
 * @throws UserError 409 when another program answers there; the socket of a dead one is replaced
 */
export async function serveControl(options: ControlOptions): Promise<() => Promise<void>> {
  const at = await openSocketPath(options.path);
  try {
    if (await answers(at.path)) throw new UserError(409, 'in-use', `another server is controlled at ${options.path}`);
    const open = new Set<ControlConnection>();
    const server = createServer(socket => {
      const connection = new ControlConnection(socket, options);
      open.add(connection);
      socket.on('close', () => open.delete(connection));
    });
    server.maxConnections = MAX_CONNECTIONS;
    await listen(server, at.path);
    await chmod(at.path, 0o600);
    return async () => {
      for (const connection of open) connection.close();
      await new Promise<void>(resolve => server.close(() => resolve()));
      await at.close();
    };
  } catch (error) {
    await at.close();
    throw error;
  }
}

/** One client: its requests are carried out one after the other. */
class ControlConnection {
  readonly #socket: Socket;
  readonly #options: ControlOptions;
  readonly #gone = new AbortController();
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(socket: Socket, options: ControlOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('error', error => options.log.debug('control connection failed', { reason: messageOf(error) }));
    socket.on('close', () => this.#gone.abort());
    onLine(socket, line => this.#take(line), MAX_REQUEST);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(line: string): void {
    if (this.#waiting >= MAX_WAITING) this.close();
    if (this.#gone.signal.aborted || this.#socket.destroyed) return;
    this.#waiting++;
    this.#turn = this.#turn.then(async () => {
      this.#waiting--;
      if (!this.#gone.signal.aborted) this.#write(await this.#answer(line));
    });
  }

  async #answer(line: string): Promise<Answer> {
    try {
      const request = readRequest(line);
      const progress = (value: unknown): void => this.#write({ progress: value });
      return {
        ok: true,
        result: (await this.#options.run({ ...request, signal: this.#gone.signal, progress })) ?? null,
      };
    } catch (error) {
      if (!(error instanceof UserError) && !this.#gone.signal.aborted)
        this.#options.log.error('control command failed', { error });
      return { ok: false, error: messageOf(error) };
    }
  }

  #write(value: unknown): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(value)}\n`);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

/** True when a program listens there; a stale socket file is removed. */
async function answers(path: string): Promise<boolean> {
  const result = await new Promise<'yes' | string>(resolve => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('yes');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
  });
  // A file that is no socket refuses a connection too, and is left alone.
  if (result === 'ECONNREFUSED' && (await stat(path)).isSocket()) await unlink(path);
  return result === 'yes';
}
