// The cost of writing a preset that fits every device, and of a dry run over all devices, while sessions are running.
import { makeRow, median, percentile, type Row } from '../figures.ts';
import type { LoadReport } from '../load/requests.ts';
import { type Bench, loaded, type Setting } from '../measure.ts';
import type { AcsServer } from '../servers/servers.ts';
import { type ServerPair, withServerPair } from './sessions.ts';

const INTERVAL = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const USER = 'Device.X_0090F8_Cwmp.Username';
/** Ten values, and a preset beside it, as in a small fleet. */
const many = {
  set: {
    [INTERVAL]: 3600,
    'Device.X_0090F8_Cwmp.PeriodicInformEnable': 'Enable',
    'Device.X_0090F8_Cwmp.TransportHttpsTlsVersion': 'TLSv1_2',
    'Device.X_0090F8_Cwmp.TransportHttpsCipherSuite': 'CS3',
  },
};
/** Another text on every device: nothing can be merged once for many. */
const own = { set: { ...many.set, [USER]: '{{serialNumber}}' } };
/** Nothing that TLS hangs on: no device can lose its ACS by it. */
const plain = { set: { [INTERVAL]: 3600, [USER]: '{{serialNumber}}' } };

const elapsed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

async function dryRun(server: AcsServer, preset: object, devices: number): Promise<number> {
  let matched = 0;
  const took = await elapsed(async () => {
    ({ matched } = (await server.api('POST', '/presets/bench/dry-run?limit=10', preset)) as { matched: number });
  });
  if (matched !== devices) throw new Error(`${matched} of ${devices} devices would change`);
  return took;
}

export const dryrun: Bench = {
  about: 'a dry run over all devices, and writing a preset that fits them all',
  run: setting =>
    withServerPair(setting, async pair => {
      const { ours } = pair;
      const rounds = Array.from({ length: setting.rounds });
      const [equal, differing, written, hardened]: number[][] = [[], [], [], []];
      for (const _ of rounds) {
        equal?.push(await dryRun(ours, many, setting.devices));
        differing?.push(await dryRun(ours, own, setting.devices));
        written?.push(await elapsed(() => ours.api('PUT', '/presets/bench', plain)));
        hardened?.push(await elapsed(() => ours.api('PUT', '/presets/bench', many)));
        await ours.api('DELETE', '/presets/bench');
      }
      const row = (name: string, values: number[] = [], limit?: number): Row =>
        makeRow({
          name,
          unit: 'ms, wall clock',
          ours: values,
          ...(limit ? { goal: { limit, of: 'ours' as const } } : {}),
        });
      return [
        row('dry run of a preset that fits all devices', equal, 5000),
        row('the same where each device has a value of its own', differing, 5000),
        row('writing a preset that fits all devices', written, 1000),
        row('writing one that changes their TLS: whether any would lose its ACS is made out first', hardened, 5000),
        await besides(setting, pair),
      ];
    }),
};

/** One dry run after the other while sessions come at a steady pace. */
async function besides(setting: Setting, { ours, request }: ServerPair): Promise<Row> {
  const { servers, sessions } = setting;
  const perSecond = Math.min(150, Math.max(50, sessions / 3));
  const { settings, devices } = request(ours);
  const arrivals = (seed: number): Promise<LoadReport> =>
    loaded(servers, { kind: 'open', settings, devices, sessions: Math.ceil(perSecond * 3), perSecond, seed });
  const [quiet, busy]: [number[], number[]] = [[], []];
  for (let round = 0; round < Math.min(3, setting.rounds); round++) {
    quiet.push(percentile((await arrivals(round)).times, 0.99));
    let over = false;
    const running = (async () => {
      while (!over) await ours.api('POST', '/presets/bench/dry-run?limit=10', many);
    })();
    busy.push(percentile((await arrivals(round)).times, 0.99));
    over = true;
    await running;
  }
  return makeRow({
    name: 'what dry runs add to the p99 of sessions',
    unit: 'ms',
    ours: busy.map((with_, round) => Math.max(0, with_ - (quiet[round] ?? 0))),
    goal: { limit: 20, of: 'ours' },
    note: `${Math.round(perSecond)} sessions/s; p99 ${median(busy).toFixed(1)} ms with, ${median(quiet).toFixed(1)} ms without`,
  });
}
