// A unit and its scripted ACS: when the agent talks, and about what.
import assert from 'node:assert/strict';
import type { SessionReport } from '../../../cpe/agent/session/session.ts';
import type { Arguments } from '../../../shared/cwmp/methods.ts';
import { argumentsOf, ask, type ScriptedAcs, type Step, scriptedAcs } from './scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from './unit.ts';

export const P = 'Device.ManagementServer.';

/** SetParameterValues of texts. */
export const set = (...items: [string, string][]): Step =>
  ask('SetParameterValues', {
    ParameterList: items.map(([Name, Value]) => ({ Name, Value, Type: 'xsd:string' })) as never,
    ParameterKey: 'k',
  });

export class AgentWorld {
  readonly acs: ScriptedAcs;
  #unit: TestUnit | undefined;

  static async open(): Promise<AgentWorld> {
    return new AgentWorld(await scriptedAcs());
  }

  private constructor(acs: ScriptedAcs) {
    this.acs = acs;
  }

  get unit(): TestUnit {
    if (!this.#unit) throw new Error('there is no unit yet');
    return this.#unit;
  }

  /** Makes the unit of the test, without a boot; an earlier one stays as it is. */
  async make(options: UnitOptions = {}): Promise<TestUnit> {
    this.#unit = await testUnit({ url: this.acs.url, ...options });
    return this.#unit;
  }

  /** Boots a unit and waits for its first session. */
  async start(options: UnitOptions = {}): Promise<SessionReport> {
    const unit = await this.make(options);
    await unit.boot();
    return unit.ended(1);
  }

  /** Plays a script against a fresh unit. @returns the report of its first session */
  async play(steps: readonly Step[], options: UnitOptions = {}): Promise<SessionReport> {
    this.acs.play(...steps);
    return await this.start(options);
  }

  /** Events of a session, from 1, with their command keys. */
  events(session: number): string[] {
    return this.unit.events(session);
  }

  /** All Informs received by the ACS. */
  informs(): Arguments<'Inform'>[] {
    const { acs } = this;
    return acs.heard.filter((_, at) => acs.names()[at] === 'Inform').map(heard => argumentsOf(heard, 'Inform'));
  }

  /** Lets time pass in which no session begins. @param sessions number of all sessions so far */
  async quiet(ms: number, sessions: number): Promise<void> {
    await this.unit.clock.advance(ms);
    assert.equal(this.unit.sessions.length, sessions);
  }

  /** Advances until another session has ended. @returns how long it took, milliseconds */
  async next(limit: number, step = 250): Promise<number> {
    const { acs, unit } = this;
    const count = unit.sessions.length + 1;
    const from = unit.clock.now();
    while (unit.sessions.length < count) {
      assert.ok(unit.clock.now() - from <= limit, `no session within ${limit} ms`);
      const heard = acs.heard.length;
      await unit.clock.advance(step);
      if (acs.heard.length > heard) await unit.ended(count);
    }
    return unit.clock.now() - from;
  }

  async close(): Promise<void> {
    await this.#unit?.close();
    await this.acs.close();
  }
}
