// The operation that reads the facts of a device: what it is and how it is, in one vocabulary for all data models.
import { factText } from '../../lists/devices.ts';
import { noDevice, type Operation, ok, param } from '../../operation.ts';
import * as schemas from '../../schemas/monitoring/facts.ts';
import { iso } from '../../views/times.ts';

export const deviceFacts: readonly Operation[] = [
  {
    name: 'getFacts',
    summary: 'Reads the facts of a device: lines, certificates, addresses, memory and more, whatever its data model',
    method: 'GET',
    path: '/devices/:id/facts',
    role: 'viewer',
    scope: 'device',
    parameters: 'checked',
    answers: { 200: schemas.facts },
    problems: noDevice,
    run: async (input, { fleet, show }) => {
      const lines = await fleet.devices.facts(await fleet.devices.row(param(input)), factText(show));
      return ok({ items: lines.map(({ time, ...line }) => ({ ...line, time: iso(time) })) });
    },
  },
];
