// The control socket of a running server: only its owner may open it (mode 0600), one JSON object a line.
// Request `{"command": "status", "args": []}`, answer `{"ok": true, "result": …}` or `{"ok": false, "error": "…"}`.
import { chmod, unlink } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import type { Clock } from '../shared/clock.ts';
import { messageOf, UserError } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';

export type Answer = { ok: true; result: unknown } | { ok: false; error: string };

const MAX_REQUEST = 65_536;

/** Calls `take` for each line; a request without an end closes the socket. Answers may be of any length. */
function onLine(socket: Socket, take: (line: string) => void, limit = Number.POSITIVE_INFINITY): void {
  let held = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (held + text).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) take(line);
    if (held.length > limit) socket.destroy();
  });
}

function readRequest(line: string): { command: string; args: string[] } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UserError(400, 'not-json', `the request is not JSON: ${messageOf(error)}`);
  }
  const { command, args = [] } = (value ?? {}) as { command?: unknown; args?: unknown };
  if (typeof command !== 'string' || !Array.isArray(args) || !args.every(one => typeof one === 'string')) {
    throw new UserError(400, 'request', 'the request is not {"command": string, "args": string[]}');
  }
  return { command, args };
}

/**
 * Serves commands at that path until the returned function is called.
 * @throws UserError 409 when another server answers there; the socket of a dead one is replaced
 */
export async function serveControl(options: {
  path: string;
  run: (command: string, args: readonly string[]) => unknown;
  log: Log;
}): Promise<() => Promise<void>> {
  const { path, run, log } = options;
  if (await answers(path)) throw new UserError(409, 'in-use', `another server is controlled at ${path}`);
  const open = new Set<Socket>();
  const server = createServer(socket => {
    open.add(socket);
    socket.on('error', error => log.debug('control connection failed', { reason: messageOf(error) }));
    socket.on('close', () => open.delete(socket));
    onLine(socket, line => void answer(socket, line), MAX_REQUEST);
  });
  const answer = async (socket: Socket, line: string): Promise<void> => {
    let reply: Answer;
    try {
      const { command, args } = readRequest(line);
      reply = { ok: true, result: (await run(command, args)) ?? null };
    } catch (error) {
      if (!(error instanceof UserError)) log.error('control command failed', { error });
      reply = { ok: false, error: messageOf(error) };
    }
    if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return () => {
    for (const socket of open) socket.destroy();
    return new Promise(resolve => server.close(() => resolve()));
  };
}

/** True when a server listens there; a stale socket file is removed. */
async function answers(path: string): Promise<boolean> {
  const result = await new Promise<'yes' | string>(resolve => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('yes');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
  });
  if (result === 'ECONNREFUSED') await unlink(path);
  return result === 'yes';
}

/**
 * Runs one command in the server at that path.
 * @throws UserError when none runs there, it does not answer in 10 s, or it refuses
 */
export async function askControl(
  path: string,
  command: string,
  args: readonly string[],
  clock: Clock,
): Promise<unknown> {
  const line = await new Promise<string>((resolve, reject) => {
    const socket = connect(path);
    const fail = (message: string): void => {
      timer.cancel();
      socket.destroy();
      reject(new UserError(503, 'no-server', message));
    };
    const timer = clock.after(10_000, () => fail(`the server at ${path} does not answer`));
    socket.once('error', error => fail(`no server runs at ${path} (${messageOf(error)})`));
    socket.once('connect', () => socket.write(`${JSON.stringify({ command, args })}\n`));
    onLine(socket, text => {
      timer.cancel();
      socket.destroy();
      resolve(text);
    });
    socket.once('end', () => fail(`the server at ${path} closed without an answer`));
  });
  const reply = JSON.parse(line) as Answer;
  if (!reply.ok) throw new UserError(400, 'refused', reply.error);
  return reply.result;
}
