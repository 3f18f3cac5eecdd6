// The endpoint behind a NAT (TR-069 Annex G): keeps a binding open from the port of UDP connection requests to a STUN server, and
// knows the address under which the ACS reaches it. While STUN is off there is neither a socket nor an address.
import type { Timer } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import { managementServer } from '../settings.ts';
import { Mutex } from '../task-control.ts';
import type { RequestTarget } from './http-endpoint.ts';
import { StunBinding } from './stun-binding.ts';
import { type StunSettings, type StunView, stunOff, stunSettings } from './stun-settings.ts';
import { openUdpPort } from './udp-port.ts';

export class UdpEndpoint {
  readonly #target: RequestTarget;
  readonly #announcements: Announcements;
  readonly #one = new Mutex();
  #view = stunOff;
  /** The settings that the binding was begun by. */
  #boundFor = '';
  #running: { stop: AbortController; ended: Promise<void> } | undefined;

  constructor(target: RequestTarget) {
    this.#target = target;
    this.#announcements = new Announcements(target);
  }

  get view(): StunView {
    return this.#view;
  }

  /** Opens, changes or ends the binding as the settings are now; does not wait for an answer. */
  settle(): Promise<void> {
    return this.#one.run(() => this.#settle());
  }

  /** Reports the address once more: to an ACS that does not know it. */
  announceAgain(): void {
    if (this.#view.address !== '') this.#announcements.add(['UDPConnectionRequestAddress']);
  }

  close(): Promise<void> {
    return this.#one.run(async () => {
      this.#announcements.stop();
      await this.#end();
    });
  }

  async #settle(): Promise<void> {
    const settings = stunSettings(this.#target.device);
    const goal = settings ? JSON.stringify(settings) : '';
    if (goal === this.#boundFor) return;
    await this.#end();
    this.#boundFor = goal;
    if (settings) this.#begin(settings);
    else this.#show(stunOff);
  }

  #begin(settings: StunSettings): void {
    this.#show({ status: 'Starting' });
    const stop = new AbortController();
    const ended = this.#bind(settings, stop.signal).catch((error: unknown) => {
      if (stop.signal.aborted) return;
      this.#target.device.log.error('UDP connection request endpoint failed', { reason: messageOf(error) });
      this.#show({ status: 'ErrorOther' });
    });
    this.#running = { stop, ended };
  }

  async #bind(settings: StunSettings, signal: AbortSignal): Promise<void> {
    const port = await openUdpPort(this.#target.device, () => this.#target.requested());
    try {
      await new StunBinding(this.#target.device, settings, port, change => this.#show(change)).keep(signal);
    } finally {
      await port.close();
    }
  }

  async #end(): Promise<void> {
    this.#running?.stop.abort(new DOMException('the binding ends', 'AbortError'));
    await this.#running?.ended;
    this.#running = undefined;
    this.#boundFor = '';
  }

  #show(change: Partial<StunView>): void {
    const before = this.#view;
    const next = { ...before, ...change };
    this.#view = next;
    if (next.status !== before.status) this.#target.device.log.debug('STUN status changed', { ...next });
    this.#announcements.add(changedNames(before, next));
  }
}

function changedNames(before: StunView, next: StunView): string[] {
  return [
    ...(next.address !== before.address ? ['UDPConnectionRequestAddress'] : []),
    ...(next.natDetected !== before.natDetected ? ['NATDetected'] : []),
  ];
}

/** Spreads reports of address changes: TR-098 ManagementServer.UDPConnectionRequestAddressNotificationLimit. */
class Announcements {
  readonly #target: RequestTarget;
  readonly #names = new Set<string>();
  /** Monotonic milliseconds of the last report. */
  #last = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(target: RequestTarget) {
    this.#target = target;
  }

  /** @param names of parameters of ManagementServer */
  add(names: readonly string[]): void {
    if (names.length === 0) return;
    for (const name of names) this.#names.add(name);
    this.#report();
  }

  #report(): void {
    const { device } = this.#target;
    this.stop();
    const seconds = Number(managementServer(device, 'UDPConnectionRequestAddressNotificationLimit', '0'));
    const wait = this.#last + seconds * 1000 - device.clock.monotonic();
    if (wait > 0) {
      this.#timer = device.clock.after(wait, () => this.#report());
      return;
    }
    this.#last = device.clock.monotonic();
    this.#target.changed([...this.#names]);
    this.#names.clear();
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
