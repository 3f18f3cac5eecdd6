// The cost of a session by the number of stored devices.
import { interleaved, makeRow } from '../figures.ts';
import { workOf } from '../load/envelopes.ts';
import type { LoadRequest } from '../load/requests.ts';
import { type Bench, loaded, measured, type Setting } from '../measure.ts';
import type { Server } from '../servers/servers.ts';
import { openArgs, requestFor, warmth } from './sessions.ts';

interface Size {
  devices: number;
  ours: Server;
  baseline: Server;
  request: (server: Server) => LoadRequest & { kind: 'closed' };
}

async function open(setting: Setting, devices: number): Promise<Size> {
  const [ours, baseline] = [
    await setting.servers.acs({ devices }, openArgs),
    await setting.servers.baseline({ devices }),
  ];
  const request: Size['request'] = server => requestFor({ ...setting, devices }, server);
  for (const server of [ours, baseline])
    await loaded(setting.servers, { ...request(server), sessions: warmth(setting) });
  return { devices, ours, baseline, request };
}

export const growth: Bench = {
  about: 'cost of a session at a hundredth, a tenth and all of the stored devices',
  run: async setting => {
    const sizes: Size[] = [];
    for (const part of [100, 10, 1]) sizes.push(await open(setting, Math.max(10, Math.floor(setting.devices / part))));
    const sides = sizes.flatMap(({ ours, baseline, request }) => [ours, baseline].map(server => ({ server, request })));
    const results = await interleaved(
      setting.rounds,
      sides.map(
        ({ server, request }) =>
          async () =>
            (await measured(setting.servers, server, request(server), workOf(request(server).settings))).cpu,
      ),
    );
    for (const { ours, baseline } of sizes) {
      await ours.stop();
      await baseline.stop();
    }
    return sizes.map(({ devices }, at) =>
      makeRow({
        name: `Inform-only session with ${devices} devices stored`,
        unit: 'ms server CPU / session',
        ours: results[2 * at] ?? [],
        floor: results[2 * at + 1] ?? [],
      }),
    );
  },
};
