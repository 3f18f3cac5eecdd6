// The units of a suite at our own SIP server, over TLS; they end with the test.
import assert from 'node:assert/strict';
import type { UserAgentEnv } from '../../../cpe/voice/settings.ts';
import type { Pbx } from '../../../pbx/app.ts';
import type { Authority } from '../../../shared/pki/authority.ts';
import {
  registered,
  startServer,
  startUnit,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../cpe/voice.ts';

export class ServerUnits {
  readonly #units: Unit[] = [];
  #authority: Authority | undefined;
  #server: Pbx | undefined;

  /** To be called in the body of a suite. */
  static inSuite(): ServerUnits {
    const world = new ServerUnits();
    before(async () => {
      world.#authority = await voiceAuthority();
      world.#server = await startServer(world.#authority);
    });
    afterEach(() => Promise.all(world.#units.splice(0).map(one => one.agent.stop())));
    after(() => world.#server?.stop());
    return world;
  }

  /** Starts one and waits for its registration. */
  async registered(
    user: string,
    changes: Parameters<typeof unitConfig>[2],
    env: Partial<UserAgentEnv> = {},
  ): Promise<Unit> {
    const ca = this.#authority?.cert ?? assert.fail('before the suite');
    const config = unitConfig(user, { host: '127.0.0.1', port: this.#server?.ports.tls ?? 0 }, changes);
    const unit = startUnit(config, () => tlsSettings([ca]), env);
    this.#units.push(unit);
    await unit.until(registered, `${user} registers`);
    return unit;
  }
}
