// Sessions over plain HTTP, without accounts: Inform alone, presets with nothing to do, one setting, a whole model read.

import type { Row } from '../figures.ts';
import { answersOf, INTERVAL, idOf, informTemplate, modelPaths, workOf } from '../load/envelopes.ts';
import { type LoadRequest, type Participants, participant } from '../load/requests.ts';
import type { SessionSettings } from '../load/session.ts';
import { type Bench, compare, loaded, type Setting } from '../measure.ts';
import type { Modelled } from '../servers/fill.ts';
import type { AcsServer, Server } from '../servers/servers.ts';

const PARAMETERS = 1000;
/** CPEs come in clear and need not prove themselves. */
export const openArgs = ['--cwmp', 'http://127.0.0.1:0', '--cpe-auth', 'none'];

type Closed = LoadRequest & { kind: 'closed' };

export interface ServerPair {
  ours: AcsServer;
  baseline: Server;
  /** A request for load on either server; default: sessions with an Inform alone. */
  request(server: Server, path?: string): Closed;
  devices: Participants;
}

export interface PairSettings {
  modelled?: Modelled;
  args?: readonly string[];
  login?: SessionSettings['login'];
}

const participantsOf = ({ devices, sessions }: Setting): Participants => ({
  count: Math.min(devices, sessions),
  stored: devices,
});

export function requestFor(setting: Setting, server: Server, path = '/', login?: SessionSettings['login']): Closed {
  const said = { inform: informTemplate(), answers: answersOf() };
  return {
    kind: 'closed',
    sessions: setting.sessions,
    // A device is in session once at a time.
    concurrency: Math.min(32, Math.max(1, Math.floor(participantsOf(setting).count / 2))),
    devices: participantsOf(setting),
    settings: { port: server.port, path, ...said, ...(login ? { login } : {}) },
  };
}

/** Opens both servers, warms them with each device once, measures, stops them. */
export async function withServerPair(
  setting: Setting,
  measure: (pair: ServerPair) => Promise<Row[]>,
  { modelled, args = openArgs, login }: PairSettings = {},
): Promise<Row[]> {
  const { servers, devices: stored } = setting;
  const baseline = await servers.baseline({ devices: stored });
  const ours = await servers.acs({ devices: stored, ...(modelled ? { modelled } : {}) }, args);
  const request: ServerPair['request'] = (server, path) => requestFor(setting, server, path, login);
  // The first contact of a device, and the first work of a compiler, are another thing than the next.
  for (const server of [baseline, ours]) await loaded(servers, { ...request(server), sessions: warmth(setting) });
  const rows = await measure({ ours, baseline, request, devices: participantsOf(setting) });
  await baseline.stop();
  await ours.stop();
  return rows;
}

export const warmth = ({ sessions }: Setting): number => Math.max(sessions, Math.min(4000, 8 * sessions));

export const inform: Bench = {
  about: 'Inform-only session, plain HTTP',
  run: setting =>
    withServerPair(setting, async ({ ours, baseline, request }) => [
      await compare(setting, {
        name: 'Inform-only session, plain HTTP, no authentication, new connection',
        work: workOf(request(ours).settings),
        ours: { server: ours, request: request(ours) },
        baseline: { server: baseline, request: request(baseline) },
        goal: { limit: 0.45, of: 'ours' },
        incumbent: '2.3 ms',
      }),
    ]),
};

/** Three rules of the usual kinds: for all, for a product, for those with a tag. */
const presets: Readonly<Record<string, object>> = {
  base: { set: { [INTERVAL]: 3600, 'Device.X_0090F8_Cwmp.PeriodicInformEnable': 'Enable' } },
  product: {
    when: 'productClass = "4102S" and firmware >= "49"',
    set: { 'Device.X_0090F8_Cwmp.TransportHttpsTlsVersion': 'TLSv1_2' },
  },
  pilot: {
    when: 'tag = "pilot" and softwareVersion like "49%"',
    weight: 5,
    set: { 'Device.X_0090F8_Cwmp.TransportHttpsCipherSuite': 'CS3' },
  },
};

export const settled: Bench = {
  about: 'the same with a model of 1,000 parameters stored and presets, nothing to do',
  run: setting => {
    const devices = { count: Math.min(setting.devices, setting.sessions), stored: setting.devices };
    const modelled = Array.from({ length: devices.count }, (_, nth) => participant(devices, nth));
    return withServerPair(
      setting,
      async ({ ours, baseline, request }) => {
        for (const [name, preset] of Object.entries(presets)) await ours.api('PUT', `/presets/${name}`, preset);
        const keys = await revisionsOf(setting, ours, request(ours), modelled);
        const settledOrder = { ...request(ours), keys };
        await loaded(setting.servers, settledOrder);
        return [
          await compare(setting, {
            name: 'the same, model of 1,000 parameters stored, three presets, nothing to do',
            ours: { server: ours, request: settledOrder },
            baseline: { server: baseline, request: request(baseline) },
            goal: { limit: 0.5, of: 'ours' },
            incumbent: '22–25 ms',
            work: workOf(settledOrder.settings),
            stored: () => hasModel(ours, modelled, ({ value }, n) => value === `value ${n}`),
          }),
        ];
      },
      { modelled: { devices: modelled, parameters: PARAMETERS } },
    );
  },
};

/** Lets the ACS settle each device, then asks for the revision that it wants of each: their Informs report it from then on. */
async function revisionsOf(
  { servers }: Setting,
  server: AcsServer,
  request: Closed,
  numbers: readonly number[],
): Promise<Record<number, string>> {
  await loaded(servers, { ...request, sessions: numbers.length });
  const keys: Record<number, string> = {};
  for (const number of numbers) {
    const device = (await server.api('GET', `/devices/${idOf(number)}`)) as { wantedRevision: string };
    keys[number] = device.wantedRevision;
  }
  return keys;
}

/** One task for each device of a round. */
async function queueTasks({ sessions }: Setting, { ours, devices }: ServerPair, task: object): Promise<void> {
  for (let nth = 0; nth < sessions; nth += 8) {
    const group = Array.from({ length: Math.min(8, sessions - nth) }, (_, n) => participant(devices, nth + n));
    await Promise.all(group.map(number => ours.api('POST', `/devices/${idOf(number)}/tasks`, task)));
  }
}

/** The devices that are looked at after a round: the first ones. */
const LOOKED_AT = 3;

/** @throws Error when the newest task of a device is not done */
async function tasksDone({ ours, devices }: ServerPair): Promise<void> {
  for (let nth = 0; nth < Math.min(LOOKED_AT, devices.count); nth++) {
    const id = idOf(participant(devices, nth));
    const { items } = (await ours.api('GET', `/tasks?device=${id}&limit=1`)) as { items: { state: string }[] };
    if (items[0]?.state !== 'done') throw new Error(`the work was not done: the newest task of ${id} is not done`);
  }
}

/** @throws Error when a device has not all parameters of the large model, each as told */
async function hasModel(
  server: AcsServer,
  numbers: readonly number[],
  fits: (known: { path: string; value: string }, n: number) => boolean,
): Promise<void> {
  const paths = modelPaths(PARAMETERS);
  for (const number of numbers.slice(0, LOOKED_AT)) {
    const path = `/devices/${idOf(number)}/parameters?path=Device.X_0090F8_Bench.Table.`;
    const { items } = (await server.api('GET', path)) as { items: { path: string; value: string }[] };
    const known = new Map(items.map(item => [item.path, item]));
    const found = paths.filter((name, n) => {
      const item = known.get(name);
      return item !== undefined && fits(item, n);
    });
    if (found.length !== PARAMETERS)
      throw new Error(`the work was not done: ${idOf(number)} has ${found.length} of ${PARAMETERS} parameters stored`);
  }
}

export const set: Bench = {
  about: 'session that carries out one SetParameterValues',
  run: setting =>
    withServerPair(setting, async pair => {
      const { ours, baseline, request } = pair;
      const task = { method: 'SetParameterValues', args: { ParameterList: { [INTERVAL]: 3600 } } };
      return [
        await compare(setting, {
          name: 'session with one SetParameterValues (a task)',
          ours: { server: ours, request: request(ours) },
          baseline: { server: baseline, request: request(baseline, '/set') },
          goal: { limit: 0.8, of: 'ours' },
          incumbent: '3.4 ms',
          prepare: () => queueTasks(setting, pair, task),
          work: workOf(request(ours).settings, 'SetParameterValues'),
          stored: () => tasksDone(pair),
          // Its servers were warmed by sessions that Inform alone.
          uncounted: 4,
        }),
      ];
    }),
};

export const read: Bench = {
  about: 'session that reads a model of 1,000 parameters',
  run: given => {
    const setting = { ...given, sessions: Math.max(1, Math.floor(given.sessions / 10)) };
    return withServerPair(setting, async pair => {
      const { ours, baseline, request } = pair;
      const task = { method: 'GetParameterValues', args: { ParameterNames: ['Device.X_0090F8_Bench.'] } };
      const answers = answersOf(PARAMETERS);
      const reading = (server: Server, path?: string): Closed => {
        const plain = request(server, path);
        return { ...plain, concurrency: Math.min(8, plain.concurrency), settings: { ...plain.settings, answers } };
      };
      return [
        await compare(setting, {
          name: 'full read: GetParameterValues of a partial path, answered with 1,000 parameters, stored',
          ours: { server: ours, request: reading(ours) },
          baseline: { server: baseline, request: reading(baseline, '/read') },
          goal: { limit: 12, of: 'ours' },
          incumbent: '120 ms',
          prepare: () => queueTasks(setting, pair, task),
          work: workOf(reading(ours).settings, 'GetParameterValues', PARAMETERS),
          stored: async () => {
            await tasksDone(pair);
            await hasModel(ours, [participant(pair.devices, 0)], ({ value }, n) => value === `value ${n}`);
          },
        }),
      ];
    });
  },
};
