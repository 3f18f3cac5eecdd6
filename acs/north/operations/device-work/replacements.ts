// Operations of the swap: another device takes the place of one.
import type { WrittenValue } from '../../../fleet/common/wanted-values.ts';
import { viewOf } from '../../../fleet/devices/device-view.ts';
import type { MovedGuard } from '../../../fleet/devices/replacements.ts';
import { type Operation, ok, param } from '../../operation.ts';
import { forceQuery } from '../../schemas/common.ts';
import { replacement, replacementInput } from '../../schemas/device-work/replacements.ts';
import { answers } from '../../schemas/devices.ts';
import { deviceView } from '../../views/core.ts';

export const replacements: readonly Operation[] = [
  {
    name: 'replaceDevice',
    summary:
      'Puts another device in the place of one: it takes tags, site fields and overrides, and the old one is refused from then on; the same call again completes one that was cut off',
    method: 'POST',
    path: '/devices/:id/replace-by',
    role: 'operator',
    scope: 'device',
    parameters: 'checked',
    audit: 'answer',
    query: forceQuery,
    body: { json: replacementInput },
    answers: { 200: replacement },
    problems: {
      404: 'No such device',
      409: 'One of the devices is part of another replacement, or the new one would lose the ACS',
    },
    run: async (input, { fleet, caller, show, clock }) => {
      const { newId } = input.body as { newId: string };
      const guard: MovedGuard = async (id, { tags, site, overrides }) => {
        if (input.query.force === true) return;
        const written: Record<string, WrittenValue> = overrides;
        await fleet.guard.device(id, { tags, site, overrides: written });
      };
      const { old, now } = await fleet.replacements.begin(param(input), newId, caller, guard);
      const view = (row: typeof old): unknown => deviceView(viewOf(row, clock.now()), show);
      return ok({ old: view(old), new: view(now) });
    },
  },
  {
    name: 'undoReplacement',
    summary: 'Gives a replaced device its state and account back, and takes from the other one what it had got from it',
    method: 'DELETE',
    path: '/devices/:id/replace-by',
    role: 'operator',
    scope: 'device',
    parameters: 'checked',
    audit: 'answer',
    answers: { 200: answers.device },
    problems: { 404: 'No such device', 409: 'It is not replaced' },
    run: async (input, { fleet, caller, show, clock }) => {
      const row = await fleet.replacements.undo(param(input), caller);
      return ok(deviceView(viewOf(row, clock.now()), show));
    },
  },
];
