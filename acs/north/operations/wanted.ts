// What a device should be, and who wants it so.
import type { Operation } from '../operation.ts';
import { noDevice, ok, param } from '../operation.ts';
import { answers } from '../schemas.ts';
import { wantedView } from '../views.ts';

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
    run: async (input, { fleet }) => ok(wantedView(await fleet.presets.explain(await fleet.devices.row(param(input))))),
  },
];
