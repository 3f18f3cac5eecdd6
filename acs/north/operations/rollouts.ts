// Rollouts: planned, watched, paused, resumed, ended, tried again, turned round.
import type { DevicesQuery, RolloutAction, RolloutInput } from '../../fleet/rollout/rollouts.ts';
import type { Operation } from '../operation.ts';
import { none, ok, param } from '../operation.ts';
import { rolloutAnswers as answers, retryInput, rolloutInput, rolloutQuery } from '../schemas/rollouts.ts';
import { positionView, rolloutView, totalsView } from '../views/rollouts.ts';

const missing = { 404: 'No such rollout' };

const actions: Record<RolloutAction, { summary: string; wrong: string }> = {
  pause: {
    summary: 'Offers nothing more; who has not begun the Download is not asked to any more, who has goes on',
    wrong: 'It does not run',
  },
  resume: { summary: 'Goes on; failures so far are let pass', wrong: 'It is not paused' },
  abort: { summary: 'Ends it for all that have not begun; what was flashed stays', wrong: 'It has ended' },
  retry: {
    summary: 'Plans failed devices anew, all or those named',
    wrong: 'None has failed, or it is not planned yet',
  },
  rollback: {
    summary:
      'Brings devices that run the new version back to what they ran before, by the stored image of that version',
    wrong: 'No stored image of what any device ran before, or it is going back already',
  },
};

const action = (name: RolloutAction): Operation => ({
  name: `${name}Rollout`,
  summary: actions[name].summary,
  method: 'POST',
  path: `/rollouts/:id/${name}`,
  role: 'operator',
  ...(name === 'retry' ? { body: { json: retryInput, optional: true } } : {}),
  answers: { 200: answers.rollout },
  problems: { ...missing, 409: actions[name].wrong },
  run: async (input, { fleet }) => {
    const { devices } = (input.body ?? {}) as { devices?: string[] };
    return ok(rolloutView(await fleet.rollouts.act(param(input), name, devices)));
  },
});

export const rollouts: readonly Operation[] = [
  {
    name: 'listRollouts',
    summary: 'Rollouts, the newest first',
    method: 'GET',
    path: '/rollouts',
    role: 'viewer',
    answers: { 200: answers.rollouts },
    run: async (_input, { fleet }) => ok({ items: (await fleet.rollouts.list()).map(rolloutView) }),
  },
  {
    name: 'createRollout',
    summary: 'Rolls a firmware image out to devices, wave by wave',
    method: 'POST',
    path: '/rollouts',
    role: 'operator',
    body: { json: rolloutInput },
    answers: { 201: answers.rollout },
    problems: { 404: 'No such file', 409: 'A rollout of that id exists' },
    run: async ({ body }, { fleet }) => ({
      status: 201,
      body: rolloutView(await fleet.rollouts.create(body as RolloutInput)),
    }),
  },
  {
    name: 'getRollout',
    summary: 'One rollout: totals, waves, and its devices by pages',
    method: 'GET',
    path: '/rollouts/:id',
    role: 'viewer',
    query: rolloutQuery,
    answers: { 200: answers.rolloutDetail },
    problems: missing,
    run: async (input, { fleet: { rollouts: all } }) => {
      const rollout = await all.get(param(input));
      const query = { limit: 50, ...(input.query as Partial<DevicesQuery>) };
      const [totals, { items, next }] = await Promise.all([all.totals(rollout), all.devices(rollout.id, query)]);
      const devices = { items: items.flatMap(positionView), next: next ?? null };
      return ok({ ...rolloutView(rollout), ...totalsView(rollout.sizes, totals), devices });
    },
  },
  {
    name: 'deleteRollout',
    summary: 'Forgets a rollout that has ended; what presets say of firmware counts again',
    method: 'DELETE',
    path: '/rollouts/:id',
    role: 'operator',
    answers: { 204: 'nothing' },
    problems: { ...missing, 409: 'It is under way' },
    run: async (input, { fleet }) => {
      await fleet.rollouts.remove(param(input));
      return none;
    },
  },
  ...(Object.keys(actions) as RolloutAction[]).map(action),
];
