// The store's two worker threads, seen from the main thread: requests out, outcomes back.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../shared/errors.ts';
import type { StoreFile } from './schema.ts';

/** An error as plain data: those of a user keep their kind, the others their stack. */
export type SentError =
  | { user: true; status: number; code: string; message: string; detail: Record<string, unknown> }
  | { user: false; message: string; stack: string };

/** Rows go as JSON text, several times cheaper than a structured copy of them; bytes and small values as they are. */
export type SentOutcome = { ok: true; json: string } | { ok: true; value: unknown } | { ok: false; error: SentError };

export const sentValue = (value: unknown): SentOutcome =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
    ? { ok: true, json: JSON.stringify(value) }
    : { ok: true, value };

/** A numbered request to a thread; undefined asks it to finish and close. */
export type ToThread<R> = [number, R] | undefined;
export type FromThread = { ready: true } | { failed: SentError } | { outcomes: [number, SentOutcome][] };

export function sentError(error: unknown): SentError {
  if (error instanceof UserError) {
    const { status, code, message, detail } = error;
    return { user: true, status, code, message, detail };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { user: false, message, stack: stack ?? message };
}

export function receivedError(sent: SentError): Error {
  if (sent.user) return new UserError(sent.status, sent.code, sent.message, sent.detail);
  return Object.assign(new Error(sent.message), { stack: sent.stack });
}

export interface StoreThread<R> {
  call(request: R): Promise<unknown>;
  /** Lets it finish what it has, and waits for its end. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** More than this in flight means that the disk does not keep up: better said than piled up. */
const MAX_WAITING = 50_000;

/**
 * Starts the module beside this one. Node loads no `.ts` worker by itself: in the source tree a line of code registers the loader
 * first (its CommonJS form, which needs no thread of its own: 125 ms instead of 450). The compiled tree has `.js`; the compiler
 * does not rewrite such URLs, hence the look at our own name.
 */
function spawn(name: string, workerData: StoreFile): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, import.meta.url), { workerData });
  const loader = createRequire(import.meta.url).resolve('tsx/cjs/api');
  const source = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const code = `require(${JSON.stringify(loader)}).register(); require(${JSON.stringify(source)});`;
  return new Worker(code, { eval: true, execArgv: [], workerData });
}

/** Starts a thread and waits until its connection is open. @throws UserError when the file cannot serve */
export function startThread<R>(name: 'writer' | 'reader', file: StoreFile): Promise<StoreThread<R>> {
  const worker = spawn(name, file);
  const waiting = new Map<number, Waiting>();
  let sequence = 0;
  let ended: Error | undefined;

  const fail = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const exited = new Promise<void>(resolve => worker.once('exit', () => resolve()));
  void exited.then(() => fail(new UserError(503, 'store-closed', 'the store is closed')));

  // At once, not gathered: posting copies, so what the caller changes afterwards is not what it asked for.
  const call = (request: R): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      if (waiting.size >= MAX_WAITING) return reject(new UserError(503, 'store-busy', 'the store does not keep up'));
      const number = sequence++;
      worker.postMessage([number, request] satisfies ToThread<R>);
      waiting.set(number, { resolve, reject });
    });
  const close = async (): Promise<void> => {
    ended ??= new UserError(503, 'store-closed', 'the store is closed');
    worker.postMessage(undefined);
    await exited;
  };
  const settle = ([number, outcome]: [number, SentOutcome]): void => {
    const who = waiting.get(number);
    waiting.delete(number);
    if (!outcome.ok) who?.reject(receivedError(outcome.error));
    else who?.resolve('json' in outcome ? JSON.parse(outcome.json) : outcome.value);
  };

  return new Promise((resolve, reject) => {
    worker.on('error', error => {
      fail(error);
      reject(error);
    });
    worker.on('message', (message: FromThread) => {
      if ('outcomes' in message) message.outcomes.forEach(settle);
      else if ('ready' in message) resolve({ call, close });
      else void exited.then(() => reject(receivedError(message.failed)));
    });
  });
}
