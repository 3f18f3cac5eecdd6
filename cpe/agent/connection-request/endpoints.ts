// The endpoints of connection requests of one unit: HTTP and, where STUN is on, UDP; kept as the settings are now.
import { messageOf } from '../../../shared/errors.ts';
import type { Device } from '../../state/device.ts';
import { type ReportHost, reportChanged } from '../change-watch.ts';
import type { AgentOptions } from '../options.ts';
import { HttpEndpoint, type RequestTarget } from './http-endpoint.ts';
import { isStunEnabled, type StunView, stunOff } from './stun-settings.ts';
import { UdpEndpoint } from './udp-endpoint.ts';

/** The parts of an agent that connection requests act on. */
export interface EndpointHost extends ReportHost {
  readonly options: Pick<AgentOptions, 'openListener'>;
}

export class ConnectionRequestEndpoints implements RequestTarget {
  readonly #agent: EndpointHost;
  readonly #http: HttpEndpoint;
  /** Made when STUN is first enabled: most units never need it. */
  #udp: UdpEndpoint | undefined;
  #closed = false;

  /** @param listen where connection requests are taken */
  constructor(agent: EndpointHost, listen: { host: string; port: number }) {
    this.#agent = agent;
    this.#http = new HttpEndpoint(this, listen, agent.options.openListener);
  }

  get device(): Device {
    return this.#agent.device;
  }

  /** A session runs, so an HTTP request is refused. */
  get isBusy(): boolean {
    return this.#agent.pending.isInFlight;
  }

  /** An authenticated connection request arrived. */
  requested(): void {
    this.#agent.pending.connectionRequested();
    this.#agent.loop.want();
  }

  /** @param names of parameters of ManagementServer whose values the ACS does not know yet */
  changed(names: readonly string[]): void {
    const { root } = this.#agent.device.model;
    reportChanged(
      this.#agent,
      names.map(name => `${root}ManagementServer.${name}`),
    );
  }

  get url(): string {
    return this.#http.url;
  }

  get stun(): StunView {
    return this.#udp?.view ?? stunOff;
  }

  /** Opens, moves or closes endpoints as the settings are now; one that cannot be opened is logged. */
  async settle(): Promise<void> {
    if (this.#closed) return;
    try {
      await Promise.all([this.#http.settle(), this.#settleUdp()]);
    } catch (error) {
      this.device.log.error('connection request endpoint not opened', { reason: messageOf(error) });
    }
  }

  async #settleUdp(): Promise<void> {
    if (!this.#udp && !isStunEnabled(this.device)) return;
    // A UDP request is never answered, so one that arrives during a session is not refused: another session follows (TR-069 3.2.2).
    this.#udp ??= new UdpEndpoint(this);
    await this.#udp.settle();
  }

  /** Reports the UDP address once more: to an ACS that does not know it. */
  announceAgain(): void {
    this.#udp?.announceAgain();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#http.close(), this.#udp?.close()]);
  }
}
