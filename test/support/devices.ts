// Plain data of devices for tests of the store and the fleet: identities, Informs, tasks; `now` counts from a fixed day.

import { reportOf } from '../../acs/device/inform.ts';
import type { InformFacts } from '../../acs/device/operation-types.ts';
import type { DeviceIdentity } from '../../acs/device/row.ts';
import type { Task } from '../../acs/device/task.ts';

/** 2026-01-01T00:00:00Z, where the virtual clock starts too. */
export const newYear = Date.UTC(2026, 0, 1);

/** The device of tests that have only one: ScriptedCpe and the gateways of worlds have this id where no serial number is given. */
export const deviceId = '0090F8-4102S-0090F8000001';

export const identityOf = (serialNumber: string, productClass = '4102S'): DeviceIdentity => ({
  manufacturer: 'Media5',
  oui: '0090F8',
  productClass,
  serialNumber,
});

export const idOf = ({ oui, productClass, serialNumber }: DeviceIdentity): string =>
  `${oui}-${productClass}-${serialNumber}`;

/** Events as they stand in the tests: `1 BOOT`, or `M Reboot:key` with a CommandKey. */
export const eventsOf = (...codes: string[]): InformFacts['events'] =>
  codes.map(code => {
    const [EventCode = '', CommandKey = ''] = code.split(':');
    return { EventCode, CommandKey };
  });

type Parameters = { Name: string; Value: string }[];

export const valuesOf = (values: Record<string, string>): Parameters =>
  Object.entries(values).map(([Name, Value]) => ({ Name, Value }));

const ordinary = valuesOf({
  'Device.DeviceInfo.SoftwareVersion': '49.1.100',
  'Device.DeviceInfo.HardwareVersion': '2',
  'Device.ManagementServer.ParameterKey': 'key',
  'Device.ManagementServer.ConnectionRequestURL': 'http://127.0.0.1:7/cr',
});

/** Facts of an Inform with these events at `now`; the rest is ordinary unless it is given. */
export function informOf(
  serial: string,
  now: number,
  events: string[],
  { parameters = ordinary, ...more }: Partial<InformFacts> & { parameters?: Parameters } = {},
): InformFacts {
  return {
    identity: identityOf(serial),
    events: eventsOf(...events),
    report: reportOf(parameters),
    retryCount: 0,
    address: '127.0.0.1',
    now,
    owner: 'one',
    admission: 'enrolled',
    ...more,
  };
}

export const taskOf = (id: string, method: Task['method'], now: number, more: Partial<Task> = {}): Task => ({
  id,
  device: '',
  method,
  args: {},
  state: 'queued',
  origin: 'operator',
  created: now,
  ...more,
});
