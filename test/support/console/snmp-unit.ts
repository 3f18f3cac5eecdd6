// A unit whose SNMP agent listens on loopback.
import type { SnmpServer } from '../../../cpe/services/service.ts';
import { SnmpAgent } from '../../../cpe/snmp/agent.ts';
import { systemClock } from '../../../shared/clock.ts';
import { type TestUnit, testUnit } from '../cpe/unit.ts';

export interface SnmpUnit {
  unit: TestUnit;
  agent: SnmpAgent;
}

/** Makes and boots it. */
export async function snmpUnit(parameters: Record<string, string> = {}): Promise<SnmpUnit> {
  const made: { agent?: SnmpAgent } = {};
  const snmp: SnmpServer = {
    counts: { get: 0, getNext: 0, set: 0 },
    open: async () => made.agent?.open(),
    close: async () => made.agent?.close(),
    trap: (of, facts) => made.agent?.trap(of, facts),
  };
  const unit = await testUnit({ clock: systemClock(), snmp, parameters });
  const agent = new SnmpAgent(unit.gateway.device, { host: '127.0.0.1', port: 0 });
  made.agent = agent;
  await unit.boot();
  return { unit, agent };
}
