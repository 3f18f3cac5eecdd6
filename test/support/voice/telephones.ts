// Whole gateways whose settings make them telephones at a SIP server over TLS, as an ACS or a customer profile would set them.
import assert from 'node:assert/strict';
import type { Gateway, GatewayOptions } from '../../../cpe/gateway.ts';
import { userAgentOf } from '../../../cpe/services/sip/sipep.ts';
import type { Call } from '../../../cpe/voice/call/call.ts';
import type { SipUserAgent } from '../../../cpe/voice/user-agent.ts';
import type { Pbx } from '../../../pbx/app.ts';
import type { Authority } from '../../../shared/pki/authority.ts';
import { Gateways } from '../cpe/gateways.ts';
import { startServer, voiceAuthority } from '../cpe/voice.ts';
import { eventually } from '../eventually.ts';

/** The settings of such a unit; all others are the factory's. */
const telephoneSettings = (user: string, server: string): Record<string, string> => ({
  'SipEp.DefaultStaticRegistrarServerHost': server,
  'SipEp.DefaultStaticProxyOutboundHost': server,
  'SipEp.TransportConfig[GatewayName=default].UdpEnable': 'Disable',
  'SipEp.TransportConfig[GatewayName=default].TlsEnable': 'Enable',
  'SipEp.TransportConfig[GatewayName=default].RegistrationEnable': 'Enable',
  'SipEp.TransportConfig[GatewayName=default].ContactEnable': 'Enable',
  'SipEp.UserAgent[EpId=Phone-Fax1].Username': user,
  'SipEp.UserAgent[EpId=Phone-Fax1].Register': 'Enable',
  'SipEp.Authentication[Index=1].CriteriaSelection': 'Unit',
  'SipEp.Authentication[Index=1].ValidateRealm': 'Disable',
  'SipEp.Authentication[Index=1].Username': user,
  'SipEp.Authentication[Index=1].Password': `pw${user}`,
});

/** Telephones 100 and 101 of a suite, and the server that they are registered at; all end with the test. */
export class Telephones {
  /** The second byte of their addresses, 127.NET.x.y: each unit has all ports of its address to itself. */
  readonly #net: number;
  #gateways: Gateways | undefined;
  #authority: Authority | undefined;
  #server: Pbx | undefined;
  #addresses = 0;
  readonly #devices = new Map<string, Gateway['device']>();

  private constructor(net: number) {
    this.#net = net;
  }

  /** To be called in the body of a suite. @param net a number that no other file has */
  static inSuite(net: number): Telephones {
    const telephones = new Telephones(net);
    before(async () => {
      telephones.#gateways = await Gateways.open();
      telephones.#authority = await voiceAuthority();
      telephones.#server = await startServer(telephones.#authority);
    });
    afterEach(() => telephones.gateways.powerOff());
    after(async () => {
      await telephones.#gateways?.close();
      await telephones.#server?.stop();
    });
    return telephones;
  }

  get gateways(): Gateways {
    return this.#gateways ?? assert.fail('before the suite');
  }

  /** An address that no unit has. */
  newAddress(): string {
    return `127.${this.#net}.${1 + (process.pid % 250)}.${++this.#addresses}`;
  }

  /** Boots one and waits for its registration. */
  async boot(
    user: string,
    settings: Record<string, string>,
    extra: Partial<GatewayOptions> = {},
  ): Promise<SipUserAgent> {
    const address = this.newAddress();
    const parameters = { ...telephoneSettings(user, `127.0.0.1:${this.#server?.ports.tls}`), ...settings };
    const certificates = [this.#authority?.cert ?? assert.fail('before the suite')];
    const { device } = await this.gateways.up({ profile: { parameters, certificates }, address, ...extra });
    this.#devices.set(user, device);
    const isRegistered = (): boolean => {
      const registrations = userAgentOf(device)?.registrations() ?? [];
      return registrations.length > 0 && registrations.every(({ state }) => state === 'Registered');
    };
    await eventually(`registration of ${user}`, isRegistered, 15_000);
    return userAgentOf(device) ?? assert.fail('the unit has no user agent');
  }

  /** The unit that was booted last for a user. */
  deviceOf(user: string): Gateway['device'] {
    return this.#devices.get(user) ?? assert.fail(`no unit of ${user}`);
  }

  /** A call of 100 to 101. @returns it at either side */
  static async connect(caller: SipUserAgent, called: SipUserAgent): Promise<[Call, Call]> {
    const arriving = new Promise<Call>(resolve => called.incoming(resolve));
    const call = await caller.call('100', '101');
    return [call, await arriving];
  }
}
