// Sessions over plain HTTP, without accounts, in which nothing is to do: Inform alone; presets and a large model stored.
import { type Closed, compare, participantsOf, type Sides, withSides } from '../contest.ts';
import type { Row } from '../figures.ts';
import { INTERVAL, idOf, workOf } from '../load/envelopes.ts';
import { type Bench, loaded, type Setting } from '../measure.ts';
import type { AcsServer } from '../servers/servers.ts';
import { hasInformed, hasModel, PARAMETERS, participantsIn } from './stored.ts';

export const inform: Bench = {
  about: 'Inform-only session, plain HTTP',
  run: setting =>
    withSides(setting, async ({ all, request, devices }) => {
      let began = 0;
      return [
        await compare(setting, {
          name: 'Inform-only session, plain HTTP, no authentication, new connection',
          sides: all,
          ours: server => request(server),
          floor: server => request(server),
          work: ({ settings }) => workOf(settings),
          prepare: async () => {
            began = Date.now();
          },
          stored: server => hasInformed(server, devices, began),
          goal: { limit: 1.5, of: 'ratio' },
          incumbent: '2.3 + 0.9',
          capacity: 'clear',
        }),
      ];
    }),
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
    const modelled = participantsIn(participantsOf(setting));
    return withSides(setting, sides => measureSettled(setting, sides, modelled), {
      modelled: { devices: modelled, parameters: PARAMETERS },
    });
  },
};

async function measureSettled(setting: Setting, sides: Sides, modelled: readonly number[]): Promise<Row[]> {
  const { all, request, devices } = sides;
  const keys = new Map<AcsServer, Record<number, string>>();
  for (const { ours } of all) {
    await storePresets(ours);
    keys.set(ours, await revisionsOf(setting, request(ours), ours, modelled));
    await loaded(setting.servers, { ...request(ours), keys: keys.get(ours) ?? {} });
  }
  let began = 0;
  const row = await compare(setting, {
    name: 'the same, model of 1,000 parameters stored, three presets, nothing to do',
    sides: all,
    ours: server => ({ ...request(server), keys: keys.get(server) ?? {} }),
    floor: server => request(server),
    work: ({ settings }) => workOf(settings),
    prepare: async () => {
      began = Date.now();
    },
    stored: async server => {
      await hasInformed(server, devices, began);
      await hasModel(server, modelled, n => `value ${n}`);
    },
    goal: { limit: 1.8, of: 'ratio' },
    incumbent: '10.5 + 5.4',
  });
  return [row];
}

export async function storePresets(server: AcsServer): Promise<void> {
  for (const [name, preset] of Object.entries(presets)) await server.api('PUT', `/presets/${name}`, preset);
}

/** Lets the ACS settle each device, then asks for the revision that it wants of each: their Informs report it from then on. */
export async function revisionsOf(
  { servers }: Pick<Setting, 'servers'>,
  request: Closed,
  server: AcsServer,
  numbers: readonly number[],
): Promise<Record<number, string>> {
  await loaded(servers, { ...request, sessions: numbers.length });
  const keys: Record<number, string> = {};
  for (const number of numbers) {
    const { wantedRevision } = (await server.api('GET', `/devices/${idOf(number)}`)) as { wantedRevision?: string };
    // Without a revision no preset fits, and nothing would be compared.
    if (!wantedRevision) throw new Error(`no preset fits ${idOf(number)}`);
    keys[number] = wantedRevision;
  }
  return keys;
}
