// Whether a session costs more the more devices are stored.
import { interleaved, makeRow } from './figures.ts';
import { type Bench, loaded, measured, type Setting } from './measure.ts';
import type { LoadOrder } from './orders.ts';
import { openArgs, orderFor, warmth } from './sessions.ts';
import type { Server } from './stage.ts';

interface Size {
  devices: number;
  ours: Server;
  floor: Server;
  order: (server: Server) => LoadOrder & { kind: 'closed' };
}

async function open(setting: Setting, devices: number): Promise<Size> {
  const [ours, floor] = [await setting.stage.acs({ devices }, openArgs), await setting.stage.floor({ devices })];
  const order: Size['order'] = server => orderFor({ ...setting, devices }, server);
  for (const server of [ours, floor]) await loaded(setting.stage, { ...order(server), sessions: warmth(setting) });
  return { devices, ours, floor, order };
}

export const growth: Bench = {
  about: 'cost of a session at a hundredth, a tenth and all of the stored devices',
  run: async setting => {
    const sizes: Size[] = [];
    for (const part of [100, 10, 1]) sizes.push(await open(setting, Math.max(10, Math.floor(setting.devices / part))));
    const sides = sizes.flatMap(({ ours, floor, order }) => [ours, floor].map(server => ({ server, order })));
    const results = await interleaved(
      setting.rounds,
      sides.map(
        ({ server, order }) =>
          async () =>
            (await measured(setting.stage, server, order(server))).cpu,
      ),
    );
    for (const { ours, floor } of sizes) {
      await ours.stop();
      await floor.stop();
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
