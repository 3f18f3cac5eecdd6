// Looks whether the ACS has stored what the sessions of a round told it: asked of it by its API.
import { idOf, modelPaths } from '../load/envelopes.ts';
import { type Participants, participant } from '../load/requests.ts';
import { WorkNotDone } from '../measure.ts';
import type { AcsServer } from '../servers/servers.ts';

/** Parameters of the large model. */
export const PARAMETERS = 1000;
/** The devices that are looked at after a round: the first ones. */
const LOOKED_AT = 3;

export const participantsIn = (devices: Participants): number[] =>
  Array.from({ length: devices.count }, (_, nth) => participant(devices, nth));

/** @throws WorkNotDone when a device has not informed since */
export async function hasInformed(server: AcsServer, devices: Participants, since: number): Promise<void> {
  for (const number of participantsIn(devices).slice(0, LOOKED_AT)) {
    const { lastInform } = (await server.api('GET', `/devices/${idOf(number)}`)) as { lastInform?: string };
    if (Date.parse(lastInform ?? '') < Math.floor(since))
      throw new WorkNotDone(`${idOf(number)} informed last at ${lastInform}`);
  }
}

/** @throws WorkNotDone when the newest task of a device is not done */
export async function hasDoneTasks(server: AcsServer, devices: Participants): Promise<void> {
  for (const number of participantsIn(devices).slice(0, LOOKED_AT)) {
    const { items } = (await server.api('GET', `/tasks?device=${idOf(number)}&limit=1`)) as {
      items: { state: string }[];
    };
    if (items[0]?.state !== 'done') throw new WorkNotDone(`the newest task of ${idOf(number)} is not done`);
  }
}

/** @throws WorkNotDone when a device has not all parameters of the large model, each with the value that it was told */
export async function hasModel(
  server: AcsServer,
  numbers: readonly number[],
  told: (n: number) => string,
): Promise<void> {
  const paths = modelPaths(PARAMETERS);
  for (const number of numbers.slice(0, LOOKED_AT)) {
    const path = `/devices/${idOf(number)}/parameters?path=Device.X_0090F8_Bench.Table.`;
    const { items } = (await server.api('GET', path)) as { items: { path: string; value: string }[] };
    const known = new Map(items.map(item => [item.path, item.value]));
    const found = paths.filter((name, n) => known.get(name) === told(n)).length;
    if (found !== PARAMETERS)
      throw new WorkNotDone(`${idOf(number)} has ${found} of ${PARAMETERS} parameters stored as told`);
  }
}
