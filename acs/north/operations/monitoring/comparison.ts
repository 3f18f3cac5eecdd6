// Operations that compare devices: what some have more often than others.
import { everyDevice } from '../../../query/filter.ts';
import { deviceFilter } from '../../lists/devices.ts';
import { noDevice, type Operation, ok, param } from '../../operation.ts';
import * as schemas from '../../schemas/monitoring/comparison.ts';

export const comparison: readonly Operation[] = [
  {
    name: 'compareDevices',
    summary: 'Compares devices with others: the values that they have more often, the most significant first',
    method: 'POST',
    path: '/compare',
    role: 'viewer',
    scope: 'devices',
    parameters: 'checked',
    body: { json: schemas.compareInput },
    answers: { 200: schemas.comparison },
    run: async ({ body }, context) => {
      const { these, against, ...options } = body as { these: string; against?: string; top?: number };
      const filters = await Promise.all([these, against].map(text => deviceFilter(text, context)));
      const [{ filter: chosen = everyDevice } = {}, { filter: others = everyDevice } = {}] = filters;
      const { fleet, caller } = context;
      return ok(await fleet.overview.compare({ these: chosen, against: others, ...options }, caller));
    },
  },
  {
    name: 'getSiblings',
    summary: 'Compares the devices with the same fault as this one, or it alone, with the others of its product',
    method: 'GET',
    path: '/devices/:id/siblings',
    role: 'viewer',
    scope: 'device',
    parameters: 'checked',
    query: schemas.siblingsQuery,
    answers: { 200: schemas.siblings },
    problems: noDevice,
    run: async (input, { fleet, caller }) => {
      const row = await fleet.devices.row(param(input));
      return ok(await fleet.overview.siblings(row, { ...(input.query as { top?: number }), caller }));
    },
  },
];
