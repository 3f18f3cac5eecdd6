// Endpoint Administration: shows that the unit is in use.
import { rowsOf, type Service, X } from './service.ts';
import { callsOf } from './sip/sipep.ts';

export const epadm: Service = {
  name: 'EpAdm',
  values: {
    // Our choice: Busy once there are as many calls as endpoints.
    [`${X}EpAdm.UnitUsageState`]: unit => {
      const calls = callsOf(unit);
      if (calls === 0) return 'Idle';
      return calls >= Math.max(1, rowsOf(unit, 'EpAdm.Endpoint', []).length) ? 'Busy' : 'Active';
    },
  },
};
