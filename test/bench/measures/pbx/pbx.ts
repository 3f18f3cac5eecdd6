// The exchange at size: registrations, calls beside them, and a change of policy.
import { onFirstNode } from '../../contest.ts';
import type { Row } from '../../figures.ts';
import type { Bench } from '../../measure.ts';
import { callRows } from './calls.ts';
import { registrationRows } from './registrations.ts';
import { policyStormRows } from './storm.ts';

export const pbx: Bench = {
  about: 'the exchange: registrations over UDP and TLS (a tenth of --devices), calls beside them, a change of policy',
  run: async given => {
    const setting = onFirstNode(given);
    const rows: Row[] = [];
    rows.push(...(await registrationRows(setting, 'udp')));
    rows.push(...(await registrationRows(setting, 'tls')));
    rows.push(...(await callRows(setting)));
    rows.push(...(await policyStormRows(setting)));
    return rows;
  },
};
