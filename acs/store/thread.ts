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

/**
 * A numbered request to a thread: as JSON text, several times cheaper than a structured copy, and all that were asked in one turn in
 * one message; those that carry bytes each by itself. Undefined asks the thread to finish and close.
 */
export type ToThread<R> = string | [number, R] | undefined;
export type FromThread = { ready: true } | { failed: SentError } | string | [number, Uint8Array];

/** A result as JSON text; bytes as they are. */
export type Sent = { text: string } | { bytes: Uint8Array };

/** @param text of the value, where it is at hand */
export const sentValue = (value: unknown, text?: string): Sent =>
  ArrayBuffer.isView(value)
    ? { bytes: value as Uint8Array }
    : { text: value === undefined ? 'true' : `true,${text ?? JSON.stringify(value)}` };

export const sentFailure = (error: unknown): Sent => ({ text: `false,${JSON.stringify(sentError(error))}` });

/** All that is sent in one message, bytes apart. */
export function sendOutcomes(
  outcomes: readonly (readonly [number, Sent])[],
  post: (message: FromThread) => void,
): void {
  const texts: string[] = [];
  for (const [number, sent] of outcomes) {
    if ('bytes' in sent) post([number, sent.bytes]);
    else texts.push(`[${number},${sent.text}]`);
  }
  if (texts.length > 0) post(`[${texts.join(',')}]`);
}

/** No value: undefined. */
type Received = [number, true, unknown?] | [number, false, SentError];

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

  let gathered: string[] = [];
  const flush = (): void => {
    if (gathered.length > 0) worker.postMessage(`[${gathered.join(',')}]`);
    gathered = [];
  };
  // Made into text at once: what the caller changes afterwards is not what it asked for.
  const post = (number: number, request: R): void => {
    if (Object.values(request as object).some(ArrayBuffer.isView)) {
      flush();
      worker.postMessage([number, request] satisfies ToThread<R>);
    } else if (gathered.push(`[${number},${JSON.stringify(request)}]`) === 1) setImmediate(flush);
  };
  const call = (request: R): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      if (waiting.size >= MAX_WAITING) return reject(new UserError(503, 'store-busy', 'the store does not keep up'));
      const number = sequence++;
      post(number, request);
      waiting.set(number, { resolve, reject });
    });
  const close = async (): Promise<void> => {
    ended ??= new UserError(503, 'store-closed', 'the store is closed');
    flush();
    worker.postMessage(undefined);
    await exited;
  };
  const take = (number: number): Waiting | undefined => {
    const who = waiting.get(number);
    waiting.delete(number);
    return who;
  };
  const settle = ([number, ok, value]: Received): void => {
    if (ok) take(number)?.resolve(value);
    else take(number)?.reject(receivedError(value));
  };

  return new Promise((resolve, reject) => {
    worker.on('error', error => {
      fail(error);
      reject(error);
    });
    worker.on('message', (message: FromThread) => {
      if (typeof message === 'string') (JSON.parse(message) as Received[]).forEach(settle);
      else if (Array.isArray(message)) take(message[0])?.resolve(message[1]);
      else if ('ready' in message) resolve({ call, close });
      else void exited.then(() => reject(receivedError(message.failed)));
    });
  });
}
