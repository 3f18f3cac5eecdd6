// The unit's SNMP agent as a service: it answers while it runs. The agent itself is handed in, so that a unit without it loads nothing of it.
import { messageOf } from '../../shared/errors.ts';
import { onNotification } from './nlm.ts';
import { type Service, slotOf, type Unit, X } from './service.ts';

const count = (name: 'get' | 'getNext' | 'set') => (unit: Unit) => String(unit.lab.snmp?.counts[name] ?? 0);

export const snmp: Service = {
  name: 'Snmp',
  values: {
    [`${X}Snmp.StatsGetRequest`]: count('get'),
    [`${X}Snmp.StatsGetNextRequest`]: count('getNext'),
    [`${X}Snmp.StatsSetRequest`]: count('set'),
  },
  async start(unit) {
    const server = unit.lab.snmp;
    if (!server) return;
    slotOf<{ end(): void }>(unit, snmp, () => ({ end: onNotification(unit, notice => server.trap(unit, notice)) }));
    try {
      await server.open(unit);
    } catch (error) {
      unit.log.warn('SNMP agent of the unit cannot be opened', { reason: messageOf(error) });
    }
  },
  async stop(unit) {
    await unit.lab.snmp?.close();
  },
};
