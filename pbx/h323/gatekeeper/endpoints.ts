// The endpoints that are registered at the gatekeeper: by identifier, by directory number, and by the way they came.
import type { Clock, Timer } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { Address } from '../../../shared/sip/flow-types.ts';
import type { DirectoryNumber } from '../../exchange/data.ts';
import type { RasChannel } from '../transport/channel.ts';

export interface Endpoint {
  /** Identifier that the gatekeeper gave it (H.225.0 EndpointIdentifier). */
  readonly id: string;
  readonly dir: DirectoryNumber;
  /** The way of its last RRQ; over TLS its connection carries its calls too. */
  readonly channel: RasChannel;
  /** Port for requests of ours. */
  readonly rasPort: number;
  readonly callSignal: Address;
  readonly product: string | undefined;
  readonly isSecure: boolean;
  /** Row of the policy's table that let it in. */
  readonly row: string;
  readonly since: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

const SWEEP_MS = 1000;

interface EndpointsOptions {
  clock: Clock;
  log: Log;
  /** Endpoints in all. */
  most: number;
}

export class Endpoints {
  readonly #options: EndpointsOptions;
  readonly #byId = new Map<string, Endpoint>();
  readonly #byNumber = new Lists();
  readonly #byChannel = new Lists();
  #timer: Timer;

  constructor(options: EndpointsOptions) {
    this.#options = options;
    this.#timer = this.#sweepLater();
  }

  get isFull(): boolean {
    return this.#byId.size >= this.#options.most;
  }

  find(id: string): Endpoint | undefined {
    return this.#byId.get(id);
  }

  /** Those of a number, the newest first. */
  of(dir: DirectoryNumber): readonly Endpoint[] {
    return this.#byNumber.get(dir);
  }

  /** Those whose last RRQ came that way. */
  over(channel: Pick<RasChannel, 'key'>): readonly Endpoint[] {
    return this.#byChannel.get(channel.key);
  }

  all(): Endpoint[] {
    return [...this.#byId.values()];
  }

  /** Adds an endpoint, or renews the one with its identifier. */
  set(endpoint: Endpoint): void {
    this.#forget(endpoint.id);
    this.#byId.set(endpoint.id, endpoint);
    this.#byNumber.add(endpoint.dir, endpoint);
    this.#byChannel.add(endpoint.channel.key, endpoint);
  }

  /** @param why the reason for the log */
  remove(endpoint: Endpoint, why: string): void {
    const known = this.#forget(endpoint.id);
    if (known) this.#options.log.info('H.323 registration ended', { user: known.dir, endpoint: known.id, why });
  }

  stop(): void {
    this.#timer.cancel();
  }

  #forget(id: string): Endpoint | undefined {
    const known = this.#byId.get(id);
    if (!known) return undefined;
    this.#byId.delete(id);
    this.#byNumber.delete(known.dir, known);
    this.#byChannel.delete(known.channel.key, known);
    return known;
  }

  #sweepLater(): Timer {
    return this.#options.clock.after(SWEEP_MS, () => {
      const now = this.#options.clock.now();
      for (const endpoint of this.#byId.values()) if (endpoint.expires <= now) this.remove(endpoint, 'expired');
      this.#timer = this.#sweepLater();
    });
  }
}

/** Endpoints by a text that several may share; the newest first. */
class Lists {
  readonly #lists = new Map<string, Endpoint[]>();

  get(key: string): readonly Endpoint[] {
    return this.#lists.get(key) ?? [];
  }

  add(key: string, endpoint: Endpoint): void {
    this.#lists.set(key, [endpoint, ...this.get(key)]);
  }

  delete(key: string, endpoint: Endpoint): void {
    const left = this.get(key).filter(one => one !== endpoint);
    if (left.length > 0) this.#lists.set(key, left);
    else this.#lists.delete(key);
  }
}
