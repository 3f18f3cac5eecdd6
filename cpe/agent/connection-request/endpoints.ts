// The ways in to a unit: the HTTP door and, where STUN is on, the UDP one; kept as the settings are now.
import { messageOf } from '../../../shared/errors.ts';
import type { Device } from '../../state/device.ts';
import { HttpEndpoint } from './http-endpoint.ts';
import type { OpenListener } from './listener.ts';
import { createUdpEndpoint, isStunEnabled, type StunView, stunOff, type UdpEndpoint } from './udp-endpoint.ts';

export interface EndpointsOptions {
  /** Where connection requests are taken. */
  listen: { host: string; port: number };
  /** Another listener than the one on sockets. */
  open?: OpenListener | undefined;
  /** A session runs. */
  busy: () => boolean;
  requested: () => void;
  /** Paths whose values are others than the ACS was told. */
  changed: (paths: string[]) => void;
}

export class ConnectionRequestEndpoints {
  readonly #device: Device;
  readonly #options: EndpointsOptions;
  readonly #http: HttpEndpoint;
  /** Made when STUN is first enabled: most units never need it. */
  #udp: UdpEndpoint | undefined;
  #closed = false;

  constructor(device: Device, options: EndpointsOptions) {
    this.#device = device;
    this.#options = options;
    const { listen, open, busy, requested, changed } = options;
    const url = `${device.model.root}ManagementServer.ConnectionRequestURL`;
    this.#http = new HttpEndpoint(device, { listen, open, busy, requested, changed: () => changed([url]) });
  }

  get url(): string {
    return this.#http.url;
  }

  get stun(): StunView {
    return this.#udp ?? stunOff;
  }

  /** Opens, moves or closes what the settings want; a door that cannot be opened is logged. */
  async settle(): Promise<void> {
    if (this.#closed) return;
    try {
      await Promise.all([this.#http.settle(), this.#settleUdp()]);
    } catch (error) {
      this.#device.log.error('no connection requests can be taken', { reason: messageOf(error) });
    }
  }

  async #settleUdp(): Promise<void> {
    if (!this.#udp && !isStunEnabled(this.#device)) return;
    // Nobody is answered there, so nobody can be told that the unit is in a session: another one follows it (TR-069 3.2.2).
    const { requested, changed } = this.#options;
    this.#udp ??= createUdpEndpoint(this.#device, { requested, changed });
    await this.#udp.settle();
  }

  /** Tells the UDP address once more: to an ACS that has not heard it. */
  tellAgain(): void {
    this.#udp?.tellAgain();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#http.close(), this.#udp?.close()]);
  }
}
