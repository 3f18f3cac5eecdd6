// Duration of a session at 70 % of the server's capacity: arrivals at random, each timed from when it should have begun, so
// that a server which falls behind does not look better for it. And the memory that the server then holds.
import { onFirstNode, type Sides, withSides } from '../contest.ts';
import { interleaved, makeRow, median, percentile, type Row, rounded } from '../figures.ts';
import type { LoadReport } from '../load/requests.ts';
import { type Bench, informedBy, type Setting } from '../measure.ts';
import { residentMb } from '../servers/process-cost.ts';
import type { Server } from '../servers/servers.ts';

export const LOAD = 0.7;
const SECONDS = 4;
/** Share of the pace asked for that must be reached: below it, the load is what is measured. */
const REACHED = 0.8;

export const latency: Bench = {
  about: 'p50 and p99 of an Inform-only session at 70 % load, memory of the server',
  run: given => {
    const setting = onFirstNode(given);
    return withSides(setting, sides => measure(setting, sides));
  },
};

/** Sessions a second in a closed loop. */
export async function capacityOf(setting: Setting, { request }: Sides, server: Server): Promise<number> {
  const reports: LoadReport[] = [];
  for (let round = 0; round < 3; round++) reports.push(await informedBy(setting.servers, request(server)));
  return median(reports.map(({ sessions, seconds }) => sessions / seconds));
}

async function measure(setting: Setting, sides: Sides): Promise<Row[]> {
  const { servers } = setting;
  const { ours, floor } = sides.first;
  const capacity = { ours: await capacityOf(setting, sides, ours), floor: await capacityOf(setting, sides, floor) };
  const heaps: number[] = [];
  const arrivals = async (server: Server, perSecond: number, seed: number): Promise<LoadReport> => {
    const { settings, devices } = sides.request(server);
    const sessions = Math.max(setting.sessions, Math.ceil(Math.min(perSecond * SECONDS, 10 * setting.sessions)));
    const report = await informedBy(servers, { kind: 'open', settings, devices, sessions, perSecond, seed });
    if (report.sessions / report.seconds < REACHED * perSecond)
      throw new Error(`${rounded(report.sessions / report.seconds)} sessions/s came, not ${rounded(perSecond)}`);
    return report;
  };
  let round = 0;
  const [own = [], bare = []] = await interleaved(Math.min(5, setting.rounds), [
    async () => {
      const report = await arrivals(ours, capacity.ours * LOAD, round++);
      heaps.push(await ours.heap());
      return report;
    },
    async () => await arrivals(floor, capacity.floor * LOAD, round),
  ]);
  const at = (share: number, reports: readonly LoadReport[]): number[] =>
    reports.map(({ times }) => percentile(times, share));
  const note = `${rounded(capacity.ours * LOAD)} sessions/s, capacity ${rounded(capacity.ours)}; floor ${rounded(capacity.floor * LOAD)} of ${rounded(capacity.floor)}; the load shares the machine`;
  return [
    ...[0.5, 0.99].map(share =>
      makeRow({
        name: `Inform-only session at 70 % load, p${share * 100}, from its intended start`,
        unit: 'ms',
        ours: at(share, own),
        floor: at(share, bare),
        note,
      }),
    ),
    makeRow({
      name: `heap of the main thread after that, ${setting.devices} devices stored`,
      unit: 'MB',
      ours: heaps,
      note: `after a collection; the process has ${Math.round(residentMb(ours.pid))} MB resident`,
    }),
  ];
}
