// The STUN binding of one unit (TR-069 Annex G): renewed as long as it is wanted, at intervals that the NAT bears.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { unlessAborted } from '../../../shared/abort.ts';
import { authorityOf, type Endpoint } from '../../../shared/stun.ts';
import type { Device } from '../../state/device.ts';
import type { BindingOutcome } from './stun-client.ts';
import type { StunSettings, StunView } from './stun-settings.ts';
import type { UdpPort } from './udp-port.ts';

const statusOf = { mapped: 'Connected', error: 'ErrorOther', silent: 'ErrorNotResponding' } as const;

export class StunBinding {
  readonly #device: Device;
  readonly #settings: StunSettings;
  readonly #port: UdpPort;
  readonly #show: (change: Partial<StunView>) => void;
  #known: Endpoint | undefined;
  /** Seconds: grows towards #longest while the binding holds, and no more once it did not (RFC 3489 10.2, from this side of the NAT). */
  #wait: number;
  #longest: number;
  /** The binding that the server has taken note of. */
  #announced = '';

  constructor(device: Device, settings: StunSettings, port: UdpPort, show: (change: Partial<StunView>) => void) {
    this.#device = device;
    this.#settings = settings;
    this.#port = port;
    this.#show = show;
    this.#wait = settings.least;
    this.#longest = settings.most;
  }

  /** Renews the binding until `signal` aborts; it is the only way in which this ends, by an AbortError. */
  async keep(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#device;
    for (;;) {
      const server = await unlessAborted(resolve(this.#settings, this.#port.local), signal);
      if (!server) this.#show({ status: 'ErrorCannotResolve' });
      else {
        const outcome = await this.#renew(server, signal);
        if (outcome.kind === 'error') {
          const { code, reason } = outcome;
          log.warn('STUN request refused', { server: authorityOf(server), code, reason });
        }
        this.#show({ status: statusOf[outcome.kind] });
      }
      await clock.sleep(this.#wait * 1000, signal);
    }
  }

  /** Announces a new binding to the server at once (TR-069 Annex G); if it moves meanwhile, the next renewal notices. */
  async #renew(server: Endpoint, signal: AbortSignal): Promise<BindingOutcome> {
    const outcome = await this.#ask(server, false, signal);
    if (outcome.kind !== 'mapped') return outcome;
    this.#hold(outcome.endpoint);
    const binding = authorityOf(outcome.endpoint);
    if (binding === this.#announced) return outcome;
    const noted = await this.#ask(server, true, signal);
    if (noted.kind === 'mapped') this.#announced = binding;
    return noted;
  }

  async #ask(server: Endpoint, change: boolean, signal: AbortSignal): Promise<BindingOutcome> {
    const { username, password } = this.#settings;
    const question = { server, username, change };
    const outcome = await this.#port.stun.ask(question, signal);
    // TR-069 Annex G: MESSAGE-INTEGRITY only when the server asks for it.
    if (outcome.kind !== 'error' || outcome.code !== 401 || password === '') return outcome;
    return await this.#port.stun.ask({ ...question, key: password }, signal);
  }

  /** Lengthens the interval while the address stays, and shortens it for good when it changed. */
  #hold(endpoint: Endpoint): void {
    const address = authorityOf(endpoint);
    if (!this.#known || authorityOf(this.#known) === address) {
      if (this.#known) this.#wait = Math.min(this.#wait * 1.5, this.#longest);
    } else {
      this.#longest = Math.max(this.#settings.least, this.#wait / 1.5);
      this.#wait = this.#longest;
    }
    this.#known = endpoint;
    this.#show({ natDetected: address !== authorityOf(this.#port.local), address });
  }
}

/** The server's address in the family of the local one; undefined when there is none. */
async function resolve({ host, port }: StunSettings, local: Endpoint): Promise<Endpoint | undefined> {
  const family = isIP(local.address) === 6 ? 6 : 4;
  if (isIP(host) === family) return { address: host, port };
  if (host === '' || isIP(host)) return undefined;
  try {
    return { address: (await lookup(host, { family })).address, port };
  } catch {
    // The status says so; the next renewal asks again.
    return undefined;
  }
}
