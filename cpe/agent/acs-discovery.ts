// The ACS of one unit: its address (TR-069 3.1), and the dialect that it understands.
import { unlessAborted } from '../../shared/abort.ts';
import type { Namespace } from '../../shared/cwmp/versions.ts';
import type { Device } from '../state/device.ts';
import { type AcsAddress, acsAddress, usesDhcp } from './acs-url.ts';
import { bootstrapDue, bootstrapped } from './event-ledger.ts';
import type { SessionReport } from './session/session.ts';

export class AcsDiscovery {
  readonly #device: Device;
  #address: AcsAddress | undefined;
  #namespace: Namespace;
  /** The ACS answered 415 to a compressed message. */
  #uncompressed = false;

  constructor(device: Device, namespace: Namespace) {
    this.#device = device;
    this.#namespace = namespace;
  }

  /** The URL of the running or last session; before the first the one that it will use; '' when there is none. */
  get url(): string {
    return (this.#address ?? acsAddress(this.#device))?.url ?? '';
  }

  get namespace(): Namespace {
    return this.#namespace;
  }

  /** The ACS has not refused compressed messages. */
  get takesCompressed(): boolean {
    return !this.#uncompressed;
  }

  /**
   * Fixes the address for a session; undefined when none is known.
   * TR-069 3.1: DHCP is asked again when the ACS that it named could not be reached.
   */
  async find(last: SessionReport | undefined, signal: AbortSignal): Promise<AcsAddress | undefined> {
    const device = this.#device;
    const lost = this.#address?.learned === true && last?.ok === false && !last.informed;
    if (usesDhcp(device) && (lost || !acsAddress(device))) await unlessAborted(device.dhcp.renew(), signal);
    this.#address = acsAddress(device);
    return this.#address;
  }

  /** Adapts to an ACS that refused a session. */
  adapt({ error }: SessionReport): void {
    // TR-069 3.7.4: an ACS that knows no newer version gets the oldest.
    if (error?.code === 8006) this.#namespace = '1-0';
    // TR-069 3.4.7: an ACS that cannot read compressed messages gets plain ones from now on.
    if (error?.code === 415) this.#uncompressed = true;
  }

  /** The settings name another ACS than the last session spoke to. */
  get hasMoved(): boolean {
    return acsAddress(this.#device)?.url !== this.#address?.url;
  }

  /**
   * Notes 0 BOOTSTRAP for a new ACS URL, TR-069 3.7.1.5.
   * @param restarting the last session ordered a reboot
   * @returns a session is wanted
   */
  async noteMove(restarting: boolean): Promise<boolean> {
    const { state } = this.#device;
    const address = acsAddress(this.#device);
    if (!address || !bootstrapDue(state.facts, address.url)) return false;
    await state.record(facts => bootstrapped(facts, restarting));
    return true;
  }
}
