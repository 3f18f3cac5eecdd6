// Operations on rollouts: create, watch, pause, resume, abort, retry, roll back.
import type { Caller } from '../../fleet/access/caller.ts';
import type { RolloutAction } from '../../fleet/rollout/control/actions.ts';
import type { DevicesQuery } from '../../fleet/rollout/devices.ts';
import type { Rollout, RolloutInput } from '../../fleet/rollout/plan.ts';
import type { Operation } from '../operation.ts';
import { none, ok, param } from '../operation.ts';
import {
  rolloutAnswers as answers,
  excludeInput,
  retryInput,
  rolloutInput,
  rolloutQuery,
} from '../schemas/jobs/rollouts.ts';
import { courseView, positionView, rolloutView, totalsView } from '../views/rollouts.ts';

const missing = { 404: 'No such rollout' };

const actions: Record<RolloutAction, { summary: string; wrong: string }> = {
  pause: {
    summary: 'Stops offering the firmware; downloads already started continue',
    wrong: 'The rollout is not running',
  },
  resume: { summary: 'Resumes the rollout and resets its failure count', wrong: 'The rollout is not paused' },
  abort: {
    summary: 'Ends the rollout for devices that have not started; devices keep firmware that they have installed',
    wrong: 'The rollout has ended',
  },
  retry: {
    summary: 'Retries failed devices: all, or the ones listed',
    wrong: 'No device has failed, or the rollout is not planned yet',
  },
  rollback: {
    summary: 'Returns devices that run the new version to the one before, from the stored image of that version',
    wrong: 'No image of an earlier version is stored, or the rollback is running already',
  },
};

/** The rollout with the devices among those it names that the caller reaches. */
async function shownTo(caller: Caller, rollout: Rollout): Promise<Record<string, unknown>> {
  const devices = await caller.seenOf(rollout.elsewhere.devices, device => device);
  return rolloutView({ ...rollout, elsewhere: { ...rollout.elsewhere, devices: [...devices] } });
}

const action = (name: RolloutAction): Operation => ({
  name: `${name}Rollout`,
  summary: actions[name].summary,
  method: 'POST',
  path: `/rollouts/:id/${name}`,
  role: 'operator',
  scope: 'rollout',
  parameters: 'none',
  ...(name === 'retry' ? { body: { json: retryInput, optional: true } } : {}),
  answers: { 200: answers.rollout },
  problems: { ...missing, 409: actions[name].wrong },
  run: async (input, { fleet, caller }) => {
    const { devices } = (input.body ?? {}) as { devices?: string[] };
    return ok(await shownTo(caller, await fleet.rollouts.act(param(input), name, caller, devices)));
  },
});

export const rollouts: readonly Operation[] = [
  {
    name: 'listRollouts',
    summary: 'Lists rollouts, newest first',
    method: 'GET',
    path: '/rollouts',
    role: 'viewer',
    scope: 'devices',
    parameters: 'none',
    answers: { 200: answers.rollouts },
    run: async (_input, { fleet, caller }) =>
      ok({ items: await Promise.all((await fleet.rollouts.list(caller)).map(rollout => shownTo(caller, rollout))) }),
  },
  {
    name: 'createRollout',
    summary: 'Creates a rollout: installs a firmware image on devices, wave by wave',
    method: 'POST',
    path: '/rollouts',
    role: 'operator',
    scope: 'devices',
    parameters: 'checked',
    body: { json: rolloutInput },
    answers: { 201: answers.rollout },
    problems: { 404: 'No such file', 409: 'A rollout with this id exists' },
    run: async ({ body }, { fleet, caller }) => ({
      status: 201,
      body: await shownTo(caller, await fleet.rollouts.create(body as RolloutInput, caller)),
    }),
  },
  {
    name: 'getRollout',
    summary: 'Reads a rollout: totals, waves, and its devices in pages',
    method: 'GET',
    path: '/rollouts/:id',
    role: 'viewer',
    scope: 'rollout',
    parameters: 'none',
    query: rolloutQuery,
    answers: { 200: answers.rolloutDetail },
    problems: missing,
    run: async (input, { fleet: { rollouts: all }, caller, clock }) => {
      const rollout = await all.get(param(input));
      const query = {
        limit: 50,
        ...(input.query as Partial<DevicesQuery>),
        ...(caller.within ? { within: caller.within } : {}),
      };
      const [totals, { items, next }] = await Promise.all([
        all.totals(rollout, caller.within),
        all.devices(rollout.id, query),
      ]);
      const devices = { items: items.flatMap(row => positionView(row, caller)), next: next ?? null };
      const waiting = rollout.ended === undefined ? 0 : totals.reduce((sum, { planned }) => sum + planned, 0);
      const course = courseView(rollout, totals, clock.now());
      return ok({
        ...(await shownTo(caller, rollout)),
        waiting,
        ...course,
        ...totalsView(rollout.sizes, totals),
        devices,
      });
    },
  },
  {
    name: 'approveRollout',
    summary: 'Lets a rollout begin that waits for approval; its author cannot',
    method: 'POST',
    path: '/rollouts/:id/approve',
    role: 'operator',
    scope: 'rollout',
    parameters: 'none',
    answers: { 200: answers.rollout },
    problems: { ...missing, 409: 'The rollout does not wait for approval' },
    run: async (input, { fleet, caller }) =>
      ok(await shownTo(caller, await fleet.rollouts.approve(param(input), caller))),
  },
  {
    name: 'excludeFromRollout',
    summary: 'Leaves devices of a filter out of a rollout, as far as they have not begun',
    method: 'POST',
    path: '/rollouts/:id/exclude',
    role: 'operator',
    scope: 'rollout',
    parameters: 'checked',
    body: { json: excludeInput },
    answers: { 200: answers.rollout },
    problems: { ...missing, 409: 'None of these devices waits for its turn' },
    run: async (input, { fleet, caller }) => {
      const { filter } = input.body as { filter: string };
      return ok(await shownTo(caller, await fleet.rollouts.exclude(param(input), filter, caller)));
    },
  },
  {
    name: 'deleteRollout',
    summary: 'Deletes a rollout that has ended; the firmware of presets applies again',
    method: 'DELETE',
    path: '/rollouts/:id',
    role: 'operator',
    scope: 'rollout',
    parameters: 'none',
    answers: { 204: 'nothing' },
    problems: { ...missing, 409: 'The rollout has not ended' },
    run: async (input, { fleet }) => {
      await fleet.rollouts.remove(param(input));
      return none;
    },
  },
  ...(Object.keys(actions) as RolloutAction[]).map(action),
];
