// Fills a store before its server starts: a fleet as it lies there after its first Informs, through the store's own operations.

import { reportOf } from '../../../acs/device/inform.ts';
import { createSecrets } from '../../../acs/fleet/common/secrets.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { identityOf, idOf, informed, modelPaths, PASSWORD } from '../load/envelopes.ts';

export interface Filling {
  file: string;
  devices: number;
  serverKey: Buffer;
}

/** Devices that have a stored tree, and its number of parameters. */
export interface Modelled {
  devices: readonly number[];
  parameters: number;
}

/** Devices filled in one group commit. */
const AT_ONCE = 500;

export async function fillStore({ file, devices, serverKey }: Filling): Promise<void> {
  const store = await openSqlite({ file, clock: systemClock(), inThread: true });
  await fillDevices(store, devices, serverKey);
  await store.close();
}

export async function storeModels(file: string, modelled: Modelled): Promise<void> {
  const store = await openSqlite({ file, clock: systemClock(), inThread: true });
  await fillModels(store, modelled);
  await store.close();
}

export async function fillDevices(store: Store, devices: number, serverKey: Buffer): Promise<void> {
  const password = createSecrets(serverKey, systemRandom()).seal(PASSWORD);
  // The last Informs of a real fleet lie spread over the past interval.
  const since = systemClock().now() - 3_600_000;
  for (let from = 0; from < devices; from += AT_ONCE) {
    const group = Array.from({ length: Math.min(AT_ONCE, devices - from) }, (_, n) => from + n);
    await Promise.all(group.map(number => fillDevice(store, number, password, since + (number * 3_599_000) / devices)));
  }
}

export async function fillModels(store: Store, { devices, parameters }: Modelled): Promise<void> {
  const time = systemClock().now();
  const values = modelPaths(parameters).map((path, n) => ({
    path,
    value: `value ${n}`,
    type: 'xsd:string',
    writable: true,
    time,
  }));
  for (const number of devices) await store.putParameters(idOf(number), values);
}

async function fillDevice(store: Store, number: number, password: string, now: number): Promise<void> {
  const id = idOf(number);
  const changes = [
    store.apply(id, 'informed', {
      identity: identityOf(number),
      events: [{ EventCode: '2 PERIODIC', CommandKey: '' }],
      report: reportOf(informed(number)),
      retryCount: 0,
      address: '127.0.0.1',
      now: Math.floor(now),
      owner: 'filling',
      admission: 'enrolled',
      credentials: { username: id, password },
    }),
    store.apply(id, 'patched', {
      patch: {
        connectionRequest: { username: 'acs', password },
        tags: number % 50 === 0 ? ['pilot'] : [],
        site: { region: `R${number % 7}` },
      },
    }),
  ];
  // Asked in one turn, so carried out in this order in one group.
  const [claimed] = await Promise.all(changes);
  const token = claimed && 'token' in claimed ? claimed.token : 0;
  await store.apply(id, 'released', { token, complete: true, now: Math.floor(now) });
}
