// Operations on the wanted state of a device, and on its move to another ACS.
import type { Operation } from '../operation.ts';
import { noDevice, ok, param } from '../operation.ts';
import { device } from '../schemas/devices.ts';
import { wanted as wantedSchema } from '../schemas/wanted.ts';
import { deviceView, wantedView } from '../views/core.ts';

export const wanted: readonly Operation[] = [
  {
    name: 'getWanted',
    summary:
      'Explains the wanted state of a device: each value with the preset that won, those that lost and why, and suspensions with their end',
    method: 'GET',
    path: '/devices/:id/wanted',
    role: 'viewer',
    scope: 'device',
    parameters: 'checked',
    answers: { 200: wantedSchema },
    problems: noDevice,
    run: async (input, { fleet, show }) =>
      ok(wantedView(await fleet.wantedStates.explain(await fleet.devices.row(param(input))), show)),
  },
  {
    name: 'confirmMove',
    summary: 'Confirms that the device has arrived at its new ACS; it does not return',
    method: 'POST',
    path: '/devices/:id/moved',
    role: 'operator',
    scope: 'device',
    parameters: 'checked',
    answers: { 200: device },
    problems: { ...noDevice, 409: 'The device is not being moved to another ACS' },
    run: async (input, { fleet, show }) => {
      await fleet.moves.confirm(param(input));
      return ok(deviceView(await fleet.devices.view(param(input)), show));
    },
  },
];
