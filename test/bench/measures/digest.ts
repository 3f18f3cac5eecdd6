// Sessions whose CPE proves itself by digest: with a nonce that it has, and the usual way, by a first POST that is answered 401.

import { workOf } from '../load/envelopes.ts';
import type { LoadReport } from '../load/requests.ts';
import type { Bench, Comparison } from '../measure.ts';
import { compare, loaded } from '../measure.ts';
import { withServerPair } from './sessions.ts';

const required = ['--cwmp', 'http://127.0.0.1:0', '--cpe-auth', 'required'];

const cases = [
  {
    login: 'preemptive',
    path: '/',
    name: 'Inform-only session with preemptive digest',
    challenged: 0,
    note: 'the floor verifies nothing',
  },
  {
    login: 'challenged',
    path: '/challenge',
    name: 'Inform-only session whose first POST is answered 401 (the usual real one)',
    challenged: 1,
    note: 'the floor asks and verifies nothing',
  },
] as const;

export const digest: Bench = {
  about: 'Inform-only session with digest: preemptive, and with its 401 round',
  run: setting =>
    withServerPair(
      setting,
      async ({ ours, baseline, request }) => {
        const rows = [];
        for (const { login, path, name, challenged, note } of cases) {
          const side = (server: typeof baseline, target = '/'): Comparison['ours'] => {
            const plain = request(server, target);
            return { server, request: { ...plain, settings: { ...plain.settings, login } } };
          };
          const check = (report: LoadReport): void => {
            if (report.challenged !== challenged * report.sessions)
              throw new Error(`${report.challenged} of ${report.sessions} sessions were challenged`);
          };
          const sides = { ours: side(ours), baseline: side(baseline, path) };
          const work = workOf(sides.ours.request.settings);
          await loaded(setting.servers, sides.ours.request);
          rows.push(await compare(setting, { name, ...sides, note, work, check }));
        }
        return rows;
      },
      { args: required, login: 'preemptive' },
    ),
};
