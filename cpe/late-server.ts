// A server of the unit of the command `run` whose code is loaded when it is opened for the first time.
import { messageOf } from '../shared/errors.ts';
import type { Unit, UnitServer } from './services/service.ts';

interface Opened {
  /** `host:port`; '' while it is closed. */
  readonly address: string;
  open(): Promise<void>;
  close(): Promise<void>;
}

export class LateServer<S extends Opened> implements UnitServer {
  readonly #load: (unit: Unit) => Promise<S>;
  #server: S | undefined;
  #problem: string | undefined;

  constructor(load: (unit: Unit) => Promise<S>) {
    this.#load = load;
  }

  /** Undefined before the first opening. */
  get server(): S | undefined {
    return this.#server;
  }

  get address(): string {
    return this.#server?.address ?? '';
  }

  /** The reason why the last opening failed. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async open(unit: Unit): Promise<void> {
    const loaded = this.#server ?? (await this.#load(unit));
    this.#server ??= loaded;
    try {
      await this.#server.open();
      this.#problem = undefined;
    } catch (error) {
      this.#problem = messageOf(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }
}
