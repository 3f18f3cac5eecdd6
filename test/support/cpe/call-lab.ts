import type { UserAgentEnv } from '../../../cpe/voice/settings.ts';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { SipResponse } from '../../../shared/sip/message.ts';
import { inviteTo, type Peer, registered, startPeer, startUnit, tlsSettings, type Unit, unitConfig } from './voice.ts';

export const clock = systemClock();
export const secure = { mode: 'Secure', keyManagement: 'Sdes', encryption: 'AesCm128' } as const;
export const plain = { ...secure, mode: 'Unsecure' } as const;
export const fallback = { ...secure, mode: 'SecureWithFallback' } as const;
export const mikeyLine = 'a=key-mgmt:mikey AQAFgM0XflABAAAAAAAAAAAAAAsA';

/** Units so far: each has a loopback address of its own. */
let units = 0;

type Changes = Parameters<typeof unitConfig>[2];

export class CallLab {
  #peer: Peer | undefined;
  #unit: Unit | undefined;
  address = '';

  get peer(): Peer {
    if (!this.#peer) throw new Error('there is no peer yet');
    return this.#peer;
  }

  get unit(): Unit {
    if (!this.#unit) throw new Error('there is no unit yet');
    return this.#unit;
  }

  /** For use in a `describe`: opens the peer before its tests, and stops the unit of each. */
  static inSuite(): CallLab {
    const lab = new CallLab();
    before(async () => {
      lab.#peer = await startPeer();
    });
    after(() => lab.peer.close());
    afterEach(async () => {
      await lab.unit.agent.stop({ silent: true });
      lab.peer.acks.length = 0;
    });
    return lab;
  }

  /** A unit at a loopback address of its own, listening at UDP 5060 there. */
  async start(changes: Changes = {}, time?: Clock, log?: Log, now?: () => number | undefined): Promise<Unit> {
    return this.startIn({ ...(time && { clock: time }), ...(log && { log }), ...(now && { now }) }, changes);
  }

  /** The same in surroundings of the test's own. */
  async startIn(env: Partial<UserAgentEnv>, changes: Parameters<typeof unitConfig>[2] = {}): Promise<Unit> {
    const address = this.#newAddress();
    const config = unitConfig('100', this.peer.server, {
      address,
      transport: 'udp',
      srtp: secure,
      ...changes,
      domain: '127.0.0.1',
    });
    this.#unit = startUnit(config, () => tlsSettings([]), env);
    await this.#unit.until(registered, 'registration');
    return this.#unit;
  }

  /** A unit at another registrar; its registration is not waited for. */
  startAt(registrar: Peer): void {
    const config = unitConfig('100', registrar.server, { address: this.#newAddress(), transport: 'udp' });
    this.#unit = startUnit(config, () => tlsSettings([]));
  }

  async answerTo(body: string, headers: [string, string][] = []): Promise<SipResponse> {
    const transaction = await this.peer.send(this.address, inviteTo(this.peer, this.address, body, headers));
    return (await transaction.final).response;
  }

  #newAddress(): string {
    this.address = `127.7.${1 + (process.pid % 250)}.${++units}`;
    return this.address;
  }
}
