// A unit that keeps a STUN binding at a server of the test, and their ACS.
import { type ScriptedAcs, scriptedAcs } from '../cpe/scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from '../cpe/unit.ts';
import { type FakeStun, fakeStun } from '../servers/stun.ts';

export class StunWorld {
  readonly acs: ScriptedAcs;
  readonly stun: FakeStun;
  #unit: TestUnit | undefined;

  static async open(): Promise<StunWorld> {
    return new StunWorld(await scriptedAcs(), await fakeStun());
  }

  private constructor(acs: ScriptedAcs, stun: FakeStun) {
    this.acs = acs;
    this.stun = stun;
  }

  /** Boots a unit with STUN enabled. */
  async start(parameters: Record<string, string> = {}, more: Partial<UnitOptions> = {}): Promise<TestUnit> {
    this.#unit = await testUnit({
      url: this.acs.url,
      listen: { host: '127.0.0.1', port: 0 },
      parameters: {
        'Cwmp.Tr111StunEnable': 'Enable',
        'Cwmp.Tr111StunServerHost': `127.0.0.1:${this.stun.port}`,
        ...parameters,
      },
      ...more,
    });
    await this.#unit.boot();
    return this.#unit;
  }

  async close(): Promise<void> {
    await this.#unit?.close();
    await this.acs.close();
    await this.stun.close();
  }
}
