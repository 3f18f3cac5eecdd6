// What a device should be, and who wants it so.
import type { Operation } from '../operation.ts';
import { noDevice, ok, param } from '../operation.ts';
import { answers } from '../schemas/core.ts';
import { deviceView, wantedView } from '../views/core.ts';

export const wanted: readonly Operation[] = [
  {
    name: 'getWanted',
    summary:
      'What a device should be: each value with the preset that won, those that lost and why, and what is set aside until when',
    method: 'GET',
    path: '/devices/:id/wanted',
    role: 'viewer',
    answers: { 200: answers.wanted },
    problems: noDevice,
    run: async (input, { fleet }) =>
      ok(wantedView(await fleet.wantedStates.explain(await fleet.devices.row(param(input))))),
  },
  {
    name: 'confirmMove',
    summary: 'The device has arrived at the ACS that it was sent to: it is not led back',
    method: 'POST',
    path: '/devices/:id/moved',
    role: 'operator',
    answers: { 200: answers.device },
    problems: { ...noDevice, 409: 'The device is not on its way to another ACS' },
    run: async (input, { fleet }) => {
      await fleet.moves.confirm(param(input));
      return ok(deviceView(await fleet.devices.view(param(input))));
    },
  },
];
