// A command for a running program, over its control socket (server.ts).
import { connect } from 'node:net';
import type { Clock } from '../clock.ts';
import { messageOf, UserError } from '../errors.ts';
import { onLine } from './lines.ts';
import type { Answer } from './server.ts';
import { openSocketPath } from './socket-path.ts';

export interface AskOptions {
  /** Parts of the request beside its arguments. */
  options?: Readonly<Record<string, string | number | boolean>>;
  /** Milliseconds until the answer; 0 waits as long as the connection lives; 10,000 by default. */
  timeoutMs?: number;
  /** The kind of program, for error texts; `server` by default. */
  name?: string;
  onProgress?: (value: unknown) => void;
  /** Gives up; the program learns it. */
  signal?: AbortSignal;
}

/**
 * Runs one command in the program at that path.
 * @throws UserError when none runs there, it does not answer in time, or it refuses
 */
export async function askControl(
  path: string,
  command: string,
  args: readonly string[],
  clock: Clock,
  options: AskOptions = {},
): Promise<unknown> {
  const { name = 'server' } = options;
  const at = await openSocketPath(path).catch((error: unknown) => {
    throw new UserError(503, 'no-server', `no ${name} runs at ${path} (${messageOf(error)})`);
  });
  try {
    const reply = await exchange(at.path, {
      path,
      request: { command, args, options: options.options ?? {} },
      clock,
      options,
    });
    if (!reply.ok) throw new UserError(400, 'refused', reply.error);
    return reply.result;
  } finally {
    await at.close();
  }
}

function exchange(
  at: string,
  { path, request, clock, options }: { path: string; request: object; clock: Clock; options: AskOptions },
): Promise<Answer> {
  const { name = 'server', timeoutMs = 10_000, onProgress, signal } = options;
  return new Promise((resolve, reject) => {
    const socket = connect(at);
    const end = (): void => {
      timer?.cancel();
      signal?.removeEventListener('abort', giveUp);
      socket.destroy();
    };
    const fail = (message: string): void => {
      end();
      reject(new UserError(503, 'no-server', message));
    };
    const giveUp = (): void => fail('the command was given up');
    const timer =
      timeoutMs > 0 ? clock.after(timeoutMs, () => fail(`the ${name} at ${path} does not answer`)) : undefined;
    if (signal?.aborted) return giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    socket.once('error', error => fail(`no ${name} runs at ${path} (${messageOf(error)})`));
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    onLine(socket, text => {
      const line = readLine(text);
      if (!line) return fail(`the ${name} at ${path} answers with a line that is no JSON object`);
      if ('progress' in line) return onProgress?.(line.progress);
      end();
      resolve(line);
    });
    socket.once('end', () => fail(`the ${name} at ${path} closed without an answer`));
  });
}

/** Undefined for a line that is no JSON object. */
function readLine(text: string): Answer | { progress: unknown } | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? (line as Answer | { progress: unknown }) : undefined;
  } catch {
    return undefined;
  }
}
