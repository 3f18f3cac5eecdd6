// Sessions whose CPE proves itself by digest: with a nonce that it has, and the usual way, by a first POST that is answered 401.
import { type Closed, compare, type Sides, withSides } from '../contest.ts';
import type { Row } from '../figures.ts';
import { workOf } from '../load/envelopes.ts';
import type { LoadReport } from '../load/requests.ts';
import { type Bench, loaded, type Setting } from '../measure.ts';
import type { AcsServer, Server } from '../servers/servers.ts';

const required = ['--cwmp', 'http://127.0.0.1:0', '--cpe-auth', 'required'];

interface Case {
  login: 'preemptive' | 'challenged';
  /** Conversation of the floor. */
  path: string;
  name: string;
  /** Sessions of which one is challenged. */
  challenged: number;
  note: string;
  capacity: string;
}

const cases: readonly Case[] = [
  {
    login: 'preemptive',
    path: '/',
    name: 'Inform-only session with preemptive digest',
    challenged: 0,
    note: 'the floor verifies nothing',
    capacity: 'digest',
  },
  {
    login: 'challenged',
    path: '/challenge',
    name: 'Inform-only session whose first POST is answered 401 (the usual real one)',
    challenged: 1,
    note: 'the floor asks and verifies nothing',
    capacity: 'challenged',
  },
];

export const digest: Bench = {
  about: 'Inform-only session with digest: preemptive, and with its 401 round',
  run: setting =>
    withSides(
      setting,
      async sides => {
        for (const { ours } of sides.all) await refusesWrongLogin(setting, sides, ours);
        const rows: Row[] = [];
        for (const each of cases) rows.push(await measureCase(setting, sides, each));
        return rows;
      },
      { args: required, login: 'preemptive' },
    ),
};

async function measureCase(setting: Setting, sides: Sides, about: Case): Promise<Row> {
  const { login, path, name, challenged, note, capacity } = about;
  const asked = (server: Server, target = '/'): Closed => {
    const plain = sides.request(server, target);
    return { ...plain, settings: { ...plain.settings, login } };
  };
  // Nonces are there when the rounds begin.
  for (const { ours } of sides.all) await loaded(setting.servers, asked(ours));
  return await compare(setting, {
    ...{ name, note, capacity },
    sides: sides.all,
    ours: server => asked(server),
    floor: server => asked(server, path),
    work: ({ settings }) => workOf(settings),
    check: (report: LoadReport) => {
      if (report.challenged !== challenged * report.sessions)
        throw new Error(`${report.challenged} of ${report.sessions} sessions were challenged`);
    },
  });
}

/** @throws Error when a session with a wrong password is let in: then nothing that is measured verifies anything */
async function refusesWrongLogin({ servers }: Setting, { request }: Sides, server: AcsServer): Promise<void> {
  const plain = request(server);
  const wrong = { ...plain.settings, login: 'challenged' as const, password: 'wrong' };
  const report = await servers.load({ ...plain, sessions: 1, concurrency: 1, settings: wrong });
  if (report.failed !== 1) throw new Error('the ACS took a wrong password');
}
