// Probes of servers: what each offers, learned by handshakes in this process and kept for a while.
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { ServerFacts } from '../../../shared/tls/offer.ts';
import type { FleetContext } from '../common/context.ts';

export type Probed = { time: number } & ({ facts: ServerFacts } | { failed: string });

const KEPT_MS = 600_000;
const FAILED_KEPT_MS = 30_000;
const MAX_KEPT = 1_000;

/** The name under which a server is known: `host:port`. */
export const serverName = (host: string, port: number): string => `${host.toLowerCase()}:${port}`;

export class ServerProbes {
  readonly #clock: Clock;
  readonly #ports: FleetContext['ports'];
  readonly #kept = new Map<string, Probed>();
  readonly #running = new Map<string, Promise<Probed>>();

  constructor({ clock, ports }: Pick<FleetContext, 'clock' | 'ports'>) {
    this.#clock = clock;
    this.#ports = ports;
  }

  /** All results that are kept, by server name. */
  kept(): ReadonlyMap<string, Probed> {
    return this.#kept;
  }

  /** @returns whether there was one */
  forget(name: string): boolean {
    return this.#kept.delete(name);
  }

  /** A result that is recent enough to be used. */
  recent(name: string): Probed | undefined {
    const probed = this.#kept.get(name);
    const age = probed ? this.#clock.now() - probed.time : 0;
    return probed && age < ('facts' in probed ? KEPT_MS : FAILED_KEPT_MS) ? probed : undefined;
  }

  /** Probes a server now, or waits for the probe of it that runs already. */
  async probe(host: string, port: number): Promise<Probed> {
    const name = serverName(host, port);
    const running = this.#running.get(name) ?? this.#handshakes(host, port);
    this.#running.set(name, running);
    try {
      const probed = await running;
      if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value ?? '');
      this.#kept.set(name, probed);
      return probed;
    } finally {
      this.#running.delete(name);
    }
  }

  /** Waits for a probe until a deadline, milliseconds; the probe itself continues and serves later runs. */
  async probeUntil(host: string, port: number, deadline: number): Promise<Probed | undefined> {
    let cancel = (): void => undefined;
    const late = new Promise<undefined>(resolve => {
      const timer = this.#clock.after(Math.max(0, deadline - this.#clock.now()), () => resolve(undefined));
      cancel = () => timer.cancel();
    });
    try {
      return await Promise.race([this.probe(host, port), late]);
    } finally {
      cancel();
    }
  }

  async #handshakes(host: string, port: number): Promise<Probed> {
    const { preflight } = this.#ports;
    if (!preflight) return { time: this.#clock.now(), failed: 'this process sends no probes' };
    try {
      return { time: this.#clock.now(), facts: await preflight.probeTls(host, port) };
    } catch (error) {
      return { time: this.#clock.now(), failed: messageOf(error) };
    }
  }
}
