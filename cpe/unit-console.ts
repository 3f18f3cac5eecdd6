// The console of the unit of the command `run`.
import { UserError } from '../shared/errors.ts';
import { LateServer } from './late-server.ts';
import { splitHostPort } from './options.ts';
import type { ConsoleServer } from './shell/server.ts';

export class UnitConsole extends LateServer<ConsoleServer> {
  readonly #listen: string;

  /** @param listen `127.0.0.1:2022` */
  constructor(listen: string) {
    super(async unit => {
      const { ConsoleServer } = await import('./shell/server.ts');
      return new ConsoleServer(unit, splitHostPort(listen));
    });
    this.#listen = listen;
  }

  /** @throws UserError where the address could not be had */
  check(): void {
    if (this.problem !== undefined) throw new UserError(400, 'no-console', `--cli ${this.#listen}: ${this.problem}`);
  }
}
