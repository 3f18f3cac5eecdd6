// The status of the unit as JSON at /status, for programs: LEDs, services, time, firmware banks.

import { ledsOf, portsOf } from '../services/hardware/leds.ts';
import { rowsOf, type Unit, uptimeSeconds } from '../services/service.ts';

/** `{ "unit": …, "leds": [{ "led": "Ready", "state": "steady green" }], "services": […], … }` */
export function unitStatus(unit: Unit): object {
  const { identity, config } = unit;
  const { manufacturer, productClass, serialNumber, mac } = identity;
  const waiting = config.pending.services();
  return {
    unit: { manufacturer, product: productClass, serialNumber, mac, softwareVersion: unit.softwareVersion },
    time: { local: config.variable('Hoc.SystemTime') ?? '', now: timeOf(unit), uptimeSeconds: uptimeSeconds(unit) },
    leds: ledsOf(unit),
    ports: portsOf(unit),
    services: rowsOf(unit, 'Scm.ServicesInfo', ['Name', 'Class', 'StartupType', 'ExecState']).map(
      ({ Name, Class, StartupType, ExecState }) => ({
        name: Name,
        class: Class,
        startupType: StartupType,
        state: ExecState,
        needsRestart: waiting.has(Name),
      }),
    ),
    firmware: rowsOf(unit, 'Fpu.MfpInstalledInfo', ['MfpName', 'MfpVersion', 'MfpBank']).map(
      ({ MfpName, MfpVersion, MfpBank }) => ({ name: MfpName, version: MfpVersion, bank: MfpBank }),
    ),
  };
}

function timeOf(unit: Unit): string | undefined {
  const now = unit.now();
  return now === undefined ? undefined : new Date(now).toISOString();
}
