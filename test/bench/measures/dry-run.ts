// The cost of writing a preset that fits every device, and of a dry run over all devices, while sessions are running.
import { onFirstNode, withSides } from '../contest.ts';
import { makeRow, type Row } from '../figures.ts';
import type { Bench } from '../measure.ts';
import type { AcsServer } from '../servers/servers.ts';
import { addedRow, elapsed, paceOf, repeatedBeside } from './beside.ts';

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

async function dryRun(server: AcsServer, preset: object, devices: number): Promise<number> {
  let matched = 0;
  const took = await elapsed(async () => {
    ({ matched } = (await server.api('POST', '/presets/bench/dry-run?limit=10', preset)) as { matched: number });
  });
  if (matched !== devices) throw new Error(`${matched} of ${devices} devices would change`);
  return took;
}

async function callRows(server: AcsServer, devices: number, rounds: number): Promise<Row[]> {
  const times = { equal: [], differing: [], written: [], hardened: [] } as Record<string, number[]>;
  for (let round = 0; round < rounds; round++) {
    times.equal?.push(await dryRun(server, many, devices));
    times.differing?.push(await dryRun(server, own, devices));
    times.written?.push(await elapsed(() => server.api('PUT', '/presets/bench', plain)));
    times.hardened?.push(await elapsed(() => server.api('PUT', '/presets/bench', many)));
    await server.api('DELETE', '/presets/bench');
  }
  const row = (name: string, values: number[] = [], limit = 0): Row =>
    makeRow({ name, unit: 'ms, wall clock', ours: values, goal: { limit, of: 'ours' } });
  return [
    row('dry run of a preset that fits all devices', times.equal, 5000),
    row('the same where each device has a value of its own', times.differing, 5000),
    row('writing a preset that fits all devices', times.written, 1000),
    row('writing one that changes their TLS: whether any would lose its ACS is made out first', times.hardened, 5000),
  ];
}

export const dryrun: Bench = {
  about: 'a dry run over all devices, and writing a preset that fits them all',
  run: given => {
    const setting = onFirstNode(given);
    return withSides(setting, async sides => {
      const { first } = sides;
      const rows = await callRows(first.ours, setting.devices, setting.rounds);
      const pace = paceOf(setting, first, sides);
      const { quiet, busy } = await repeatedBeside(setting, pace, () => dryRun(first.ours, many, setting.devices));
      return [...rows, addedRow({ name: 'what dry runs add to the p99 of sessions', pace, quiet, busy })];
    });
  },
};
