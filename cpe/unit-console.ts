// The console of the unit of the command `run`: its code is loaded when it is opened for the first time.
import { messageOf, UserError } from '../shared/errors.ts';
import { splitHostPort } from './options.ts';
import type { Unit, UnitServer } from './services/service.ts';
import type { ConsoleServer } from './shell/server.ts';

export class UnitConsole implements UnitServer {
  readonly #listen: string;
  #server: ConsoleServer | undefined;
  #problem: string | undefined;

  /** @param listen `127.0.0.1:2022` */
  constructor(listen: string) {
    this.#listen = listen;
  }

  /** `host:port`; '' while it is closed. */
  get address(): string {
    return this.#server?.address ?? '';
  }

  async open(unit: Unit): Promise<void> {
    const { ConsoleServer } = await import('./shell/server.ts');
    this.#server ??= new ConsoleServer(unit, splitHostPort(this.#listen));
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

  /** @throws UserError where the address could not be had */
  check(): void {
    if (this.#problem !== undefined) throw new UserError(400, 'no-console', `--cli ${this.#listen}: ${this.#problem}`);
  }
}
