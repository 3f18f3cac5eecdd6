// The DHCP client of one unit: holds the lease of the last answer.
import type { Clock, Random } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { Configuration } from '../../state/configuration.ts';
import type { Lease, LeaseSource, UnitIdentity } from '../../state/device.ts';
import { discover } from './discovery.ts';

export type DhcpServer = { server: { host: string; port: number } } | { interface: string };

export interface DhcpHost {
  readonly identity: UnitIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly config: Pick<Configuration, 'variable'>;
  isStopped(service: string): boolean;
  /** Acts on a new lease. @param before the lease before it */
  leased(before: Lease | undefined): Promise<void>;
}

/** Milliseconds to wait for an answer once the unit runs. */
const TIMEOUT = 15_000;

export class DhcpClient implements LeaseSource {
  readonly #host: DhcpHost;
  readonly #server: DhcpServer | undefined;
  #lease: Lease | undefined;
  /** Ends the question under way. */
  #asking: AbortController | undefined;

  /** @param server undefined: DHCP is never asked, and there is never a lease */
  constructor(host: DhcpHost, server: DhcpServer | undefined) {
    this.#host = host;
    this.#server = server;
  }

  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** Rejects only when `abort` ends the question. */
  async renew(timeoutMs = TIMEOUT): Promise<Lease | undefined> {
    // A stopped client keeps the lease that it has.
    if (!this.#server || this.#host.isStopped('Bni')) return this.#lease;
    const { identity, clock, random, log, config } = this.#host;
    // TR-069 Annex F: the unit names itself to the gateway that serves it.
    const isNamed = config.variable('Cwmp.Tr069AnnexFEnable') === 'Enable';
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const { signal } = asking;
      const lease = await discover({
        ...{ ...this.#server, mac: identity.mac, clock, random, log, signal, timeoutMs },
        ...(isNamed && { identity }),
        hostName: config.variable('Hoc.HostName') ?? '',
      });
      log.info('DHCP lease received', { ...lease });
      await this.#use(lease);
    } catch (error) {
      if (asking.signal.aborted) throw error;
      log.warn('DHCP lease not received', { reason: messageOf(error) });
    }
    return this.#lease;
  }

  /** Holds the lease, even where the unit cannot act on it: its state may not be writable. */
  async #use(lease: Lease): Promise<void> {
    const before = this.#lease;
    this.#lease = lease;
    try {
      await this.#host.leased(before);
    } catch (error) {
      if (this.#asking?.signal.aborted) throw error;
      this.#host.log.error('DHCP lease not acted on', { error });
    }
  }

  abort(): void {
    this.#asking?.abort(new DOMException('the unit stops', 'AbortError'));
  }

  /** Drops the lease: a unit that boots asks again. */
  forget(): void {
    this.#lease = undefined;
  }
}
