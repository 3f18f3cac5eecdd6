// The cost of sessions, and the memory of the ACS, by the number of stored devices.
import { openArgs, requestFor, runningNode, warmth } from '../contest.ts';
import { interleaved, makeRow, type Row } from '../figures.ts';
import { workOf } from '../load/envelopes.ts';
import { type Bench, loaded, measured, type Setting } from '../measure.ts';
import type { Server } from '../servers/servers.ts';
import { type Grown, kinds, memoryRows, roundOf } from './growing.ts';

interface Size extends Grown {
  floor: Server;
  heaps: number[];
}

export const sizesOf = ({ devices }: Pick<Setting, 'devices'>): number[] =>
  [100, 10, 1].map(part => Math.max(10, Math.floor(devices / part)));

const devicesIn = (metrics: string): number =>
  [...metrics.matchAll(/^acs_devices\{[^}]*\} (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);

async function open(given: Setting, devices: number): Promise<Size> {
  const setting = { ...given, devices };
  const node = setting.nodes?.[0] ?? runningNode;
  const server = await setting.servers.acs({ devices }, openArgs, { node });
  const floor = await setting.servers.floor({ devices }, undefined, node);
  for (const each of [server, floor])
    await loaded(setting.servers, { ...requestFor(setting, each), sessions: warmth(setting) });
  const stored = devicesIn(await server.metrics());
  if (stored !== devices) throw new Error(`${stored} of ${devices} devices are stored`);
  return { setting, server, floor, heaps: [] };
}

async function floorRound({ setting, floor }: Size): Promise<number> {
  const request = requestFor(setting, floor);
  return (await measured(setting.servers, floor, request, workOf(request.settings))).cpu;
}

/** The rounds of one kind of session at each size, in turn. */
async function rowsOf(kind: (typeof kinds)[number], sizes: readonly Size[], rounds: number): Promise<Row[]> {
  const hasFloor = kind === kinds[0];
  const turns: (() => Promise<number>)[] = [];
  for (const size of sizes) {
    const keys = await kind.begin?.(size);
    turns.push(async () => {
      const spent = await roundOf(kind, size, keys);
      size.heaps.push(await size.server.heap());
      return spent;
    });
    if (hasFloor) turns.push(async () => await floorRound(size));
  }
  // The first round of a kind compiles its code.
  const results = (await interleaved(rounds + 1, turns)).map(each => each.slice(1));
  const each = hasFloor ? 2 : 1;
  return sizes.map(({ setting: { devices } }, at) =>
    makeRow({
      name: `${kind.name} with ${devices} devices stored`,
      unit: 'ms server CPU / session',
      ours: results[each * at] ?? [],
      ...(hasFloor ? { floor: results[2 * at + 1] ?? [] } : {}),
    }),
  );
}

export const growth: Bench = {
  about: 'cost of sessions, and memory, at a hundredth, a tenth and all of the stored devices',
  run: async setting => {
    const sizes: Size[] = [];
    for (const devices of sizesOf(setting)) sizes.push(await open(setting, devices));
    const rows: Row[] = [];
    for (const kind of kinds) rows.push(...(await rowsOf(kind, sizes, setting.rounds)));
    rows.push(...sizes.flatMap(size => memoryRows(size, size.heaps)));
    for (const { server, floor } of sizes) for (const each of [server, floor]) await each.stop();
    return rows;
  },
};
