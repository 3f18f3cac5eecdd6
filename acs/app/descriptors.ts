// File descriptors of the process: an exhausted table is otherwise silent, because the system drops new connections before any event.
import { closeSync, openSync } from 'node:fs';
import type { Server } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';

const LOOK_MS = 5000;
const EXHAUSTED = new Set(['EMFILE', 'ENFILE']);

export interface DescriptorState {
  isExhausted: boolean;
  /** Times at which they have become exhausted since the start. */
  times: number;
}

const openAndClose = (): void => closeSync(openSync('/dev/null', 'r'));

export class DescriptorWatch {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #tryOne: () => void;
  #timer: { cancel(): void } | undefined;
  #state: DescriptorState = { isExhausted: false, times: 0 };

  /** @param tryOne opens a descriptor and closes it again */
  constructor({ clock, log }: { clock: Clock; log: Log }, tryOne = openAndClose) {
    this.#clock = clock;
    this.#log = log;
    this.#tryOne = tryOne;
    this.#wait();
  }

  get state(): DescriptorState {
    return this.#state;
  }

  /** Takes the errors of accepted connections: without a listener they would end the process. */
  readonly watch = (server: Pick<Server, 'on'>): void => {
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (EXHAUSTED.has(error.code ?? '')) this.#note(true, error.code);
    });
  };

  close(): void {
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer = this.#clock.after(LOOK_MS, () => {
      this.#look();
      this.#wait();
    });
  }

  #look(): void {
    try {
      this.#tryOne();
      this.#note(false);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (EXHAUSTED.has(code ?? '')) this.#note(true, code);
    }
  }

  /** Logs only a change. */
  #note(isExhausted: boolean, code?: string): void {
    if (isExhausted === this.#state.isExhausted) return;
    this.#state = { isExhausted, times: this.#state.times + (isExhausted ? 1 : 0) };
    if (isExhausted) this.#log.error('file descriptors exhausted', { code });
    else this.#log.info('file descriptors available again');
  }
}
