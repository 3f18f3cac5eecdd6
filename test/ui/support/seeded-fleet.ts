// Devices put into the store of a world directly, with their faults: as many as a case needs, in moments.
import { reportOf } from '../../../acs/device/inform.ts';
import type { Store } from '../../../acs/store/store.ts';
import { idOf, informOf, valuesOf } from '../../support/devices.ts';

export interface SeededDevice {
  serial: string;
  oui?: string;
  productClass?: string;
  firmware?: string;
  address?: string;
  site?: Record<string, string>;
  tags?: string[];
  /** Milliseconds; default: now. `null`: it never informed. */
  informed?: number | null;
  /** Default: enrolled. */
  admission?: 'enrolled' | 'quarantine';
  faults?: readonly { cause: string; code: number | string; parameter?: string; message?: string; at?: number }[];
}

const AT_ONCE = 200;

export const seededId = ({ serial, oui = '0090F8', productClass = '4102S' }: SeededDevice): string =>
  idOf({ manufacturer: '', oui, productClass, serialNumber: serial });

/** Puts the devices into the store, some at a time. */
export async function seedFleet(store: Store, devices: readonly SeededDevice[], now = Date.now()): Promise<void> {
  for (let at = 0; at < devices.length; at += AT_ONCE)
    await Promise.all(devices.slice(at, at + AT_ONCE).map(device => seedDevice(store, device, now)));
}

async function seedDevice(store: Store, device: SeededDevice, now: number): Promise<void> {
  const { serial, oui = '0090F8', productClass = '4102S', firmware = '49.1.100', address = '10.0.0.1' } = device;
  const { site = {}, tags = [], informed = now, admission = 'enrolled', faults = [] } = device;
  const id = seededId(device);
  const identity = { manufacturer: 'Media5', oui, productClass, serialNumber: serial };
  // One that is announced would be enrolled.
  if (admission === 'enrolled')
    await store.apply(id, 'announced', { identity, now: (informed ?? now) - 1000, patch: { site, tags } });
  if (informed !== null) {
    const report = reportOf(
      valuesOf({
        'Device.DeviceInfo.SoftwareVersion': firmware,
        'Device.DeviceInfo.HardwareVersion': '2',
        'Device.ManagementServer.ConnectionRequestURL': 'http://127.0.0.1:7/cr',
        'Device.ManagementServer.PeriodicInformInterval': '3600',
      }),
    );
    await store.apply(
      id,
      'informed',
      informOf(serial, informed, ['2 PERIODIC'], { identity, report, address, admission }),
    );
  }
  if (admission === 'quarantine') await store.apply(id, 'patched', { patch: { site, tags } });
  for (const { cause, code, parameter, message = 'no', at = now } of faults)
    await store.apply(id, 'faultRaised', {
      ...{ cause, code, message, retryAt: at + 3_600_000, now: at },
      ...(parameter === undefined ? {} : { parameter }),
    });
}
