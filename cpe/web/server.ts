// The servers of a unit's pages: HTTP and HTTPS by the settings of the service Web.
import type { Pages, Unit } from '../services/service.ts';
import { PageHandler } from './handler.ts';
import { type Listener, openListener } from './listener.ts';

export interface PageAddress {
  host: string;
  /** The port that stands for the factory's port 80; 0 is any free one. */
  port: number;
  /** The port that stands for the factory's port 443; absent: the one after `port`. */
  securePort?: number | undefined;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

export class UnitPages implements Pages {
  readonly #unit: Unit;
  /** A free port that was found stays the one of these pages. */
  #at: PageAddress;
  readonly #handler: PageHandler;
  #plain: { listener: Listener; wanted: number } | undefined;
  #secure: Listener | undefined;

  constructor(unit: Unit, at: PageAddress) {
    this.#unit = unit;
    this.#at = { ...at, securePort: at.securePort ?? (at.port === 0 ? 0 : at.port + 1) };
    this.#handler = new PageHandler(unit, [at.host]);
  }

  get counts(): Pages['counts'] {
    return this.#handler.counts;
  }

  /** Address of the pages: the plain one where there is one; '' while they are closed. */
  get url(): string {
    return this.#plain ? urlOf('http', this.#at.host, this.#plain.listener) : this.secureUrl;
  }

  /** '' while there is no HTTPS. */
  get secureUrl(): string {
    return this.#secure ? urlOf('https', this.#at.host, this.#secure) : '';
  }

  async open(): Promise<void> {
    const { plain, secure } = wantedPorts(this.#unit);
    const problems: unknown[] = [];
    const note = (error: unknown): undefined => {
      problems.push(error);
    };
    // Certificate, suites and versions may be others than before.
    this.#secure?.close();
    this.#secure = undefined;
    if (this.#plain?.wanted !== plain) {
      this.#plain?.listener.close();
      const listener = plain === 0 ? undefined : await this.#listen(plain, false).catch(note);
      this.#plain = listener && { listener, wanted: plain };
    }
    if (secure !== 0 && this.#unit.tls('Web', 'server').host) {
      this.#secure = await this.#listen(secure, true).catch(note);
    }
    if (problems.length > 0) throw problems[0];
  }

  async #listen(wanted: number, isSecure: boolean): Promise<Listener> {
    const { clock, log } = this.#unit;
    const listener = await openListener({
      host: this.#at.host,
      port: portFor(this.#at, wanted, isSecure),
      clock,
      log,
      tls: isSecure ? this.#unit.tls('Web', 'server') : undefined,
      answer: (request, response) => void this.#handler.handle(request, response, isSecure),
    });
    if (portFor(this.#at, wanted, isSecure) === 0) {
      this.#at = { ...this.#at, [isSecure ? 'securePort' : 'port']: listener.port };
    }
    return listener;
  }

  async close(): Promise<void> {
    for (const listener of this.#forget()) listener.close();
  }

  /** Ends all at once: answers under way are not waited for. */
  async stop(): Promise<void> {
    for (const listener of this.#forget()) listener.stop();
  }

  #forget(): Listener[] {
    const open = [this.#plain?.listener, this.#secure].flatMap(each => each ?? []);
    this.#plain = undefined;
    this.#secure = undefined;
    return open;
  }
}

const urlOf = (scheme: string, host: string, { port }: Listener): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}/`;

function portFor({ port, securePort }: PageAddress, wanted: number, isSecure: boolean): number {
  if (isSecure) return wanted === HTTPS_PORT ? (securePort ?? 0) : wanted;
  return wanted === HTTP_PORT ? port : wanted;
}

/** Ports by the settings that the service runs with; 0 is closed. */
function wantedPorts({ config }: Unit): { plain: number; secure: number } {
  const mode = config.running('Web.HttpMode') ?? 'Both';
  return {
    plain: mode === 'Secure' ? 0 : Number(config.running('Web.ServerPort') ?? HTTP_PORT),
    secure: mode === 'Unsecure' ? 0 : Number(config.running('Web.SecureServerPort') ?? HTTPS_PORT),
  };
}

/** Pages of a unit outside the command `run`. @throws Error when the address cannot be had */
export async function servePages(at: PageAddress, unit: Unit): Promise<UnitPages> {
  const pages = new UnitPages(unit, at);
  await pages.open();
  return pages;
}
