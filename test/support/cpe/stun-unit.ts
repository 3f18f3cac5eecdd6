// A unit that keeps a STUN binding at a server of the test.
import type { FakeStun } from '../servers/stun.ts';
import type { ScriptedAcs } from './scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from './unit.ts';

/** Boots a unit with STUN enabled. */
export async function startStunUnit(
  acs: ScriptedAcs,
  stun: FakeStun,
  parameters: Record<string, string> = {},
  more: Partial<UnitOptions> = {},
): Promise<TestUnit> {
  const unit = await testUnit({
    url: acs.url,
    listen: { host: '127.0.0.1', port: 0 },
    parameters: {
      'Cwmp.Tr111StunEnable': 'Enable',
      'Cwmp.Tr111StunServerHost': `127.0.0.1:${stun.port}`,
      ...parameters,
    },
    ...more,
  });
  await unit.boot();
  return unit;
}
