// The store's two worker threads, seen from the main thread: requests out, outcomes back.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../../../shared/clock.ts';
import { UserError } from '../../../../shared/errors.ts';
import { type StoreFile, storeError } from '../schema.ts';
import { type Batch, type Bulk, type FromThread, type Packing, plainPacking, type SentError } from './batch.ts';
import { createOutbox } from './outbox.ts';

/** An outcome as it travels: '' for no value, the value's JSON, or an error's with `!` in front; bytes are bulk alone. */
export const sentValue = (value: unknown, text?: string, told?: string): [string, Bulk] => {
  if (ArrayBuffer.isView(value)) return ['', value as Uint8Array];
  return value === undefined ? ['', undefined] : [text ?? JSON.stringify(value), told];
};
export const sentFailure = (error: unknown): [string, Bulk] => [`!${JSON.stringify(sentError(error))}`, undefined];

/** What a device told travels beside its row. */
function receivedValue(json: string, bulk: Bulk): unknown {
  if (json === '') return bulk;
  const value = JSON.parse(json) as unknown;
  if (typeof bulk !== 'string') return value;
  const holder = value as { row?: { told: string }; told: string };
  (holder.row ?? holder).told = bulk;
  return value;
}

export function sentError(failure: unknown): SentError {
  const error = storeError(failure);
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
export function startThread<R>(
  name: 'writer' | 'reader',
  file: StoreFile,
  packing: Packing<R> = plainPacking(),
): Promise<StoreThread<R>> {
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

  const outbox = createOutbox(batch => worker.postMessage(batch), packing, systemClock());
  const call = (request: R): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      if (waiting.size >= MAX_WAITING) return reject(new UserError(503, 'store-busy', 'the store does not keep up'));
      const number = sequence++;
      outbox.add(number, request);
      waiting.set(number, { resolve, reject });
    });
  const close = async (): Promise<void> => {
    ended ??= new UserError(503, 'store-closed', 'the store is closed');
    outbox.flush();
    worker.postMessage(undefined);
    await exited;
  };
  const take = (number: number): Waiting | undefined => {
    const who = waiting.get(number);
    waiting.delete(number);
    return who;
  };
  const settle = (batch: Batch): void => {
    for (let at = 0; at < batch.length; at += 3) {
      const who = take(batch[at] as number);
      const json = batch[at + 1] as string;
      if (json.startsWith('!')) who?.reject(receivedError(JSON.parse(json.slice(1)) as SentError));
      else who?.resolve(receivedValue(json, batch[at + 2] as Bulk));
    }
    outbox.returned(batch.length / 3);
  };

  return new Promise((resolve, reject) => {
    worker.on('error', error => {
      fail(error);
      reject(error);
    });
    worker.on('message', (message: FromThread) => {
      if (Array.isArray(message)) settle(message);
      else if ('ready' in message) resolve({ call, close });
      else void exited.then(() => reject(receivedError(message.failed)));
    });
  });
}
