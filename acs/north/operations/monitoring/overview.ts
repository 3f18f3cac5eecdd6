// Operations that tell of the fleet as a whole: its summary, and what needs someone.
import { type Operation, ok } from '../../operation.ts';
import * as schemas from '../../schemas/monitoring/summary.ts';
import { attentionView, summaryView } from '../../views/summary.ts';

export const overview: readonly Operation[] = [
  {
    name: 'getSummary',
    summary:
      'Counts the fleet: states, liveness, faults, drift, rollouts, alerts; a second old at most, five where counting costs something',
    method: 'GET',
    path: '/summary',
    role: 'viewer',
    scope: 'devices',
    parameters: 'checked',
    answers: { 200: schemas.summary },
    run: async (_input, { fleet, caller }) => ok(summaryView(await fleet.overview.summaries.read(caller))),
  },
  {
    name: 'getAttention',
    summary: 'Lists what needs someone, the most urgent first, each with a filter for its devices',
    method: 'GET',
    path: '/attention',
    role: 'viewer',
    scope: 'devices',
    parameters: 'checked',
    answers: { 200: schemas.attention },
    run: async (_input, { fleet, caller }) =>
      ok({ items: (await fleet.overview.attention(caller)).map(attentionView) }),
  },
];
