// Duration of a session at 70 % of the server's capacity: arrivals at random, each timed from when it should have begun, so
// that a server which falls behind does not look better for it. And the memory that the server then holds.
import { makeRow, median, percentile, type Row, rounded } from '../figures.ts';
import type { LoadReport } from '../load/requests.ts';
import { type Bench, loaded, type Setting } from '../measure.ts';
import { residentMb } from '../servers/process-cost.ts';
import type { Server } from '../servers/servers.ts';
import { type ServerPair, withServerPair } from './sessions.ts';

const LOAD = 0.7;
const SECONDS = 4;

export const latency: Bench = {
  about: 'p50 and p99 of an Inform-only session at 70 % load, memory of the server',
  run: setting => withServerPair(setting, pair => measure(setting, pair)),
};

async function measure(setting: Setting, { ours, baseline, request }: ServerPair): Promise<Row[]> {
  const { servers } = setting;
  const rounds = Math.min(3, setting.rounds);
  const capacityOf = async (server: Server): Promise<number> => {
    const reports: LoadReport[] = [];
    for (let round = 0; round < 3; round++) reports.push(await loaded(servers, request(server)));
    return median(reports.map(({ sessions, seconds }) => sessions / seconds));
  };
  const capacity = { ours: await capacityOf(ours), baseline: await capacityOf(baseline) };
  const arrivals = async (server: Server, perSecond: number, seed: number): Promise<LoadReport> => {
    const { settings, devices } = request(server);
    const sessions = Math.max(setting.sessions, Math.ceil(Math.min(perSecond * SECONDS, 10 * setting.sessions)));
    return await loaded(servers, { kind: 'open', settings, devices, sessions, perSecond, seed });
  };
  const reports: Record<'ours' | 'baseline', LoadReport[]> = { ours: [], baseline: [] };
  for (let round = 0; round < rounds; round++) {
    reports.baseline.push(await arrivals(baseline, capacity.baseline * LOAD, round));
    reports.ours.push(await arrivals(ours, capacity.ours * LOAD, round));
  }
  const at = (share: number, side: 'ours' | 'baseline'): number[] =>
    reports[side].map(({ times }) => percentile(times, share));
  const note = `${rounded(capacity.ours * LOAD)} sessions/s, capacity ${rounded(capacity.ours)}; floor ${rounded(capacity.baseline * LOAD)} of ${rounded(capacity.baseline)}; the load shares the machine`;
  return [
    ...[0.5, 0.99].map(share =>
      makeRow({
        name: `Inform-only session at 70 % load, p${share * 100}, from its intended start`,
        unit: 'ms',
        ours: at(share, 'ours'),
        floor: at(share, 'baseline'),
        note,
      }),
    ),
    makeRow({
      name: 'resident memory of the server after that',
      unit: 'MB',
      ours: [residentMb(ours.pid)],
      floor: [residentMb(baseline.pid)],
    }),
  ];
}
