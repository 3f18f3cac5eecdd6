// The worker threads of the store, as the thread that starts them uses them.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../../../shared/clock.ts';
import { UserError } from '../../../../shared/errors.ts';
import type { StoreFile } from '../schema.ts';
import { storeError } from '../store-error.ts';
import { type Batch, type Bulk, type FromThread, type Packing, plainPacking, type SentError } from './batch.ts';
import { Batching } from './batching.ts';

/** The message of an outcome: '' for no value, the value's JSON, or an error's with `!` in front; bytes are bulk alone. */
export const sentValue = (value: unknown, text?: string, told?: string): [string, Bulk] => {
  if (ArrayBuffer.isView(value)) return ['', value as Uint8Array];
  return value === undefined ? ['', undefined] : [text ?? JSON.stringify(value), told];
};
export const sentFailure = (error: unknown): [string, Bulk] => [`!${JSON.stringify(sentError(error))}`, undefined];

/** The value of an outcome; a row gets back its `told`, which is sent as bulk. */
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

interface PendingCall {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Most calls in flight: beyond, the disk does not keep up, and a call is refused. */
const MAX_PENDING = 50_000;

const closedStore = (): UserError => new UserError(503, 'store-closed', 'the store is closed');

/**
 * Starts the module beside this one. Node loads no `.ts` worker by itself: in the source tree a line of code first registers the loader
 * (its CommonJS form, which needs no thread of its own: 125 ms instead of 450). The compiled tree has `.js`; the compiler does not rewrite
 * such URLs, so this module's own name decides.
 */
export function spawn(name: 'writer' | 'reader' | 'checkpointer', workerData: StoreFile): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, import.meta.url), { workerData });
  const loader = createRequire(import.meta.url).resolve('tsx/cjs/api');
  const source = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const code = `require(${JSON.stringify(loader)}).register(); require(${JSON.stringify(source)});`;
  return new Worker(code, { eval: true, execArgv: [], workerData });
}

/** Starts a thread and waits until its connection is open. @throws UserError when the file cannot serve */
export async function startThread<R>(
  name: 'writer' | 'reader',
  file: StoreFile,
  packing: Packing<R> = plainPacking(),
): Promise<StoreThread<R>> {
  const thread = new StoreThread(spawn(name, file), packing);
  await thread.opened;
  return thread;
}

/** A worker thread of the store: calls go out in batches, and outcomes come back by number. */
export class StoreThread<R> {
  /** Resolves when its connection is open; rejects when it cannot be. */
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #batching: Batching<R>;
  readonly #pending = new Map<number, PendingCall>();
  readonly #exited: Promise<void>;
  #nextNumber = 0;
  #ended: Error | undefined;

  constructor(worker: Worker, packing: Packing<R>) {
    this.#worker = worker;
    this.#batching = new Batching(batch => worker.postMessage(batch), packing, systemClock());
    this.#exited = new Promise(resolve => worker.once('exit', () => resolve()));
    void this.#exited.then(() => this.#fail(closedStore()));
    this.opened = new Promise((resolve, reject) => {
      worker.on('error', error => {
        this.#fail(error);
        reject(error);
      });
      worker.on('message', (message: FromThread) => {
        if (Array.isArray(message)) this.#settle(message);
        else if ('ready' in message) resolve();
        else void this.#exited.then(() => reject(receivedError(message.failed)));
      });
    });
  }

  call(request: R): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      if (this.#pending.size >= MAX_PENDING)
        return reject(new UserError(503, 'store-busy', 'the store does not keep up'));
      const number = this.#nextNumber++;
      this.#batching.add(number, request);
      this.#pending.set(number, { resolve, reject });
    });
  }

  /** Lets the thread finish its calls, and waits for its end. */
  async close(): Promise<void> {
    this.#ended ??= closedStore();
    this.#batching.flush();
    this.#worker.postMessage(undefined);
    await this.#exited;
  }

  #settle(batch: Batch): void {
    for (let at = 0; at < batch.length; at += 3) {
      const number = batch[at] as number;
      const json = batch[at + 1] as string;
      const call = this.#pending.get(number);
      this.#pending.delete(number);
      if (json.startsWith('!')) call?.reject(receivedError(JSON.parse(json.slice(1)) as SentError));
      else call?.resolve(receivedValue(json, batch[at + 2] as Bulk));
    }
    this.#batching.returned(batch.length / 3);
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}
