// Devices that lie in the store as after their Informs, for lists that no live fleet of a test could fill.
import { systemClock } from '../../../shared/clock.ts';
import { eventsOf, identityOf, idOf, informOf, valuesOf } from '../../support/devices.ts';
import type { World } from '../../support/worlds/world.ts';

export const towns = ['Graz', 'Linz', 'Salzburg', 'Villach', 'Wels', 'Steyr', 'Leoben'] as const;
export const versions = ['48.5.2718', '49.1.2884', '48.4.2611', '47.1.2205'] as const;

export interface Seed {
  serial: string;
  productClass: string;
  firmware: string;
  town: string;
  tags: string[];
  /** Milliseconds since its last Inform. */
  age: number;
}

/** The device of a number: two products, four versions, seven towns; one in fifty is lost, one in twenty-five late. */
export const seedOf = (number: number): Seed => ({
  serial: `0090F8${(0x3a00 + number).toString(16).toUpperCase().padStart(6, '0')}`,
  productClass: number % 10 === 9 ? 'C711' : '4102S',
  firmware: versions[number % 8 < 5 ? 0 : (number % 8) - 4] ?? versions[0],
  town: towns[number % towns.length] ?? 'Graz',
  tags: ['voice-tls', ...(number % 5 === 0 ? ['fax'] : []), ...(number % 50 === 0 ? ['pilot'] : [])],
  age: number % 50 === 1 ? 86_400_000 : number % 25 === 2 ? 900_000 : (number % 200) * 1000,
});

export const seededId = (number: number): string => {
  const { serial, productClass } = seedOf(number);
  return idOf(identityOf(serial, productClass));
};

/** Devices that are put into the store at a time. */
const AT_ONCE = 500;

/** @param change what is different about a device */
export async function seedDevices(
  { store }: World,
  count: number,
  change: (number: number) => Partial<Seed> = () => ({}),
): Promise<void> {
  const now = systemClock().now();
  const one = async (number: number): Promise<void> => {
    const { serial, productClass, firmware, town, tags, age } = { ...seedOf(number), ...change(number) };
    const identity = identityOf(serial, productClass);
    const id = idOf(identity);
    const parameters = valuesOf({
      'Device.DeviceInfo.SoftwareVersion': firmware,
      'Device.DeviceInfo.HardwareVersion': '2',
      'Device.ManagementServer.PeriodicInformInterval': '300',
      'Device.ManagementServer.ConnectionRequestURL': 'http://127.0.0.1:7/cr',
    });
    const about = { parameters, identity, address: `10.24.${number % 200}.${(number * 7) % 250}` };
    const inform = informOf(serial, now - age, [], about);
    const [claimed] = await Promise.all([
      store.apply(id, 'informed', { ...inform, events: eventsOf('2 PERIODIC') }),
      store.apply(id, 'patched', { patch: { tags, site: { name: town } } }),
    ]);
    const token = claimed && 'token' in claimed ? claimed.token : 0;
    await store.apply(id, 'released', { token, complete: true, now: now - age });
  };
  for (let from = 0; from < count; from += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, async (_, nth) => await one(from + nth)));
}
