// How long a session takes at 70 % of what the server can do: arrivals at random, each timed from when it should have begun, so
// that a server which falls behind does not look better for it. And the memory that the server then holds.
import { makeRow, median, percentile, type Row, rounded } from './figures.ts';
import { type Bench, loaded, type Setting } from './measure.ts';
import type { LoadReport } from './orders.ts';
import { residentMb } from './proc.ts';
import { type Field, onField } from './sessions.ts';
import type { Server } from './stage.ts';

const LOAD = 0.7;
const SECONDS = 4;

export const latency: Bench = {
  about: 'p50 and p99 of an Inform-only session at 70 % load, memory of the server',
  run: setting => onField(setting, field => play(setting, field)),
};

async function play(setting: Setting, { ours, floor, order }: Field): Promise<Row[]> {
  const { stage } = setting;
  const rounds = Math.min(3, setting.rounds);
  const capacityOf = async (server: Server): Promise<number> => {
    const reports: LoadReport[] = [];
    for (let round = 0; round < 3; round++) reports.push(await loaded(stage, order(server)));
    return median(reports.map(({ sessions, seconds }) => sessions / seconds));
  };
  const capacity = { ours: await capacityOf(ours), floor: await capacityOf(floor) };
  const arrivals = async (server: Server, perSecond: number, seed: number): Promise<LoadReport> => {
    const { settings, devices } = order(server);
    const sessions = Math.max(setting.sessions, Math.ceil(Math.min(perSecond * SECONDS, 10 * setting.sessions)));
    return await loaded(stage, { kind: 'open', settings, devices, sessions, perSecond, seed });
  };
  const reports: Record<'ours' | 'floor', LoadReport[]> = { ours: [], floor: [] };
  for (let round = 0; round < rounds; round++) {
    reports.floor.push(await arrivals(floor, capacity.floor * LOAD, round));
    reports.ours.push(await arrivals(ours, capacity.ours * LOAD, round));
  }
  const at = (share: number, side: 'ours' | 'floor'): number[] =>
    reports[side].map(({ times }) => percentile(times, share));
  const note = `${rounded(capacity.ours * LOAD)} sessions/s, capacity ${rounded(capacity.ours)}; floor ${rounded(capacity.floor * LOAD)} of ${rounded(capacity.floor)}; the load shares the machine`;
  return [
    ...[0.5, 0.99].map(share =>
      makeRow({
        name: `Inform-only session at 70 % load, p${share * 100}, from its intended start`,
        unit: 'ms',
        ours: at(share, 'ours'),
        floor: at(share, 'floor'),
        note,
      }),
    ),
    makeRow({
      name: 'resident memory of the server after that',
      unit: 'MB',
      ours: [residentMb(ours.pid)],
      floor: [residentMb(floor.pid)],
    }),
  ];
}
