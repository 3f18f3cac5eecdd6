// The pages of the unit of the command `run`: their code is loaded when they are opened for the first time.
import { messageOf, UserError } from '../shared/errors.ts';
import { splitHostPort } from './options.ts';
import type { Pages, Unit } from './services/service.ts';
import type { UnitPages } from './web/server.ts';

const nothing = { requests: 0, redirects: 0, errors: 0 };

export class UnitPagesOf implements Pages {
  readonly #listen: string;
  readonly #securePort: number | undefined;
  #pages: UnitPages | undefined;

  /** @param listen `127.0.0.1:8081` */
  constructor(listen: string, securePort: number | undefined) {
    this.#listen = listen;
    this.#securePort = securePort;
  }

  get counts(): Pages['counts'] {
    return this.#pages?.counts ?? nothing;
  }

  /** Fields of the log line `ready`. */
  get addresses(): { web?: string; webSecure?: string } {
    const { url = '', secureUrl = '' } = this.#pages ?? {};
    return { ...(url !== '' && { web: url }), ...(secureUrl !== '' && secureUrl !== url && { webSecure: secureUrl }) };
  }

  /** Opens them before the unit boots. @throws UserError where that cannot be */
  async first(unit: Unit): Promise<void> {
    try {
      await this.open(unit);
    } catch (error) {
      throw new UserError(400, 'no-web', `--web ${this.#listen}: ${messageOf(error)}`);
    }
  }

  async open(unit: Unit): Promise<void> {
    const { UnitPages } = await import('./web/server.ts');
    this.#pages ??= new UnitPages(unit, { ...splitHostPort(this.#listen), securePort: this.#securePort });
    await this.#pages.open();
  }

  async close(): Promise<void> {
    await this.#pages?.close();
  }

  async stop(): Promise<void> {
    await this.#pages?.stop();
  }
}
