// Sessions whose CPE proves itself by digest: with a nonce that it has, and the usual way, by a first POST that is answered 401.
import type { Bench, Contest } from './measure.ts';
import { contest, loaded } from './measure.ts';
import type { LoadReport } from './orders.ts';
import { onField } from './sessions.ts';

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
    onField(
      setting,
      async ({ ours, floor, order }) => {
        const rows = [];
        for (const { login, path, name, challenged, note } of cases) {
          const play = (server: typeof floor, target = '/'): Contest['ours'] => {
            const plain = order(server, target);
            return { server, order: { ...plain, settings: { ...plain.settings, login } } };
          };
          const check = (report: LoadReport): void => {
            if (report.challenged !== challenged * report.sessions)
              throw new Error(`${report.challenged} of ${report.sessions} sessions were challenged`);
          };
          const sides = { ours: play(ours), floor: play(floor, path) };
          await loaded(setting.stage, sides.ours.order);
          rows.push(await contest(setting, { name, ...sides, note, check }));
        }
        return rows;
      },
      { args: required, login: 'preemptive' },
    ),
};
