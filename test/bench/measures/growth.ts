// The cost of a session, and the memory of the ACS, by the number of stored devices.
import { openArgs, requestFor, runningNode, warmth } from '../contest.ts';
import { interleaved, makeRow, type Row } from '../figures.ts';
import { workOf } from '../load/envelopes.ts';
import { type Bench, loaded, measured, type Setting } from '../measure.ts';
import { residentMb } from '../servers/process-cost.ts';
import type { AcsServer, Server } from '../servers/servers.ts';

interface Size {
  devices: number;
  ours: AcsServer;
  floor: Server;
}

export const sizesOf = ({ devices }: Setting): number[] =>
  [100, 10, 1].map(part => Math.max(10, Math.floor(devices / part)));

const devicesIn = (metrics: string): number =>
  [...metrics.matchAll(/^acs_devices\{[^}]*\} (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);

async function open(setting: Setting, devices: number): Promise<Size> {
  const node = setting.nodes?.[0] ?? runningNode;
  const ours = await setting.servers.acs({ devices }, openArgs, { node });
  const floor = await setting.servers.floor({ devices }, undefined, node);
  for (const server of [ours, floor])
    await loaded(setting.servers, { ...requestFor({ ...setting, devices }, server), sessions: warmth(setting) });
  const stored = devicesIn(await ours.metrics());
  if (stored !== devices) throw new Error(`${stored} of ${devices} devices are stored`);
  return { devices, ours, floor };
}

export const growth: Bench = {
  about: 'cost of a session, and memory, at a hundredth, a tenth and all of the stored devices',
  run: async setting => {
    const sizes: Size[] = [];
    for (const devices of sizesOf(setting)) sizes.push(await open(setting, devices));
    const heaps = sizes.map((): number[] => []);
    const turn = async (server: Server, devices: number): Promise<number> => {
      const request = requestFor({ ...setting, devices }, server);
      return (await measured(setting.servers, server, request, workOf(request.settings))).cpu;
    };
    const results = await interleaved(
      setting.rounds,
      sizes.flatMap(({ devices, ours, floor }, at) => [
        async () => {
          const cpu = await turn(ours, devices);
          heaps[at]?.push(await ours.heap());
          return cpu;
        },
        async () => await turn(floor, devices),
      ]),
    );
    const resident = sizes.map(({ ours }) => residentMb(ours.pid));
    for (const { ours, floor } of sizes) for (const server of [ours, floor]) await server.stop();
    return sizes.flatMap(({ devices }, at): Row[] => [
      makeRow({
        name: `Inform-only session with ${devices} devices stored`,
        unit: 'ms server CPU / session',
        ours: results[2 * at] ?? [],
        floor: results[2 * at + 1] ?? [],
      }),
      makeRow({
        name: `heap of the main thread with ${devices} devices stored`,
        unit: 'MB',
        ours: heaps[at] ?? [],
        note: `after a collection; the process has ${Math.round(resident[at] ?? 0)} MB resident`,
      }),
    ]);
  },
};
