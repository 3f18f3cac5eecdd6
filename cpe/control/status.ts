// The voice side of a unit at a glance: its LED, its SIP gateways, their connections and registrations, and how many calls there are.

import { type Led, ledsOf } from '../services/hardware/leds.ts';
import { rowsOf, type Unit } from '../services/service.ts';
import { userAgentOf } from '../services/sip/sipep.ts';

export interface UnitStatus {
  /** Absent for a model without the LED. */
  readyLed?: string;
  /** All LEDs, Ready among them. */
  leds: Led[];
  /** The status tables of the unit, each row as `name=value` pairs. */
  gateways: Record<string, string>[];
  connections: Record<string, string>[];
  registrations: Record<string, string>[];
  /** Services with settings or certificates that wait for their restart. */
  restartNeeded: string[];
  calls: number;
}

const tables = {
  gateways: ['GatewayStatus', ['Name', 'State', 'Port', 'SecurePort']],
  connections: ['TlsPersistentConnectionStatus', ['Gateway', 'LocalPort', 'RemoteHost', 'State']],
  registrations: ['RegistrationStatus', ['Endpoint', 'Username', 'Gateway', 'Registrar', 'State']],
} as const;

export function statusOf(unit: Unit, calls: number): UnitStatus {
  const leds = ledsOf(unit);
  const led = leds.find(entry => entry.led === 'Ready')?.state;
  const rows = (name: keyof typeof tables): Record<string, string>[] => {
    const [table, columns] = tables[name];
    return rowsOf(unit, `SipEp.${table}`, columns).map(({ row: _row, ...cells }) => cells);
  };
  const restartNeeded = [...unit.config.pending.services()].sort();
  // The unit's own table says Ready where nothing has gone wrong: so it does of a gateway that has never started.
  const isWaiting = ({ Name = '', State }: Record<string, string>): boolean =>
    State === 'Ready' && restartNeeded.includes('SipEp') && !userAgentOf(unit, Name);
  return {
    ...(led === undefined ? {} : { readyLed: led }),
    leds,
    gateways: rows('gateways').map(row => (isWaiting(row) ? { ...row, State: 'Waiting for a restart' } : row)),
    connections: rows('connections'),
    registrations: rows('registrations'),
    restartNeeded,
    calls,
  };
}

/** As text: one line for each row. */
export function statusText({ readyLed: led, leds, restartNeeded, calls, ...lists }: UnitStatus): string {
  const lines = Object.entries(lists).flatMap(([name, rows]) =>
    rows.map(
      row =>
        `${name.slice(0, -1).padEnd(13)} ${Object.entries(row)
          .map(([key, value]) => `${key}=${value}`)
          .join(' ')}`,
    ),
  );
  return [
    ...(led === undefined ? [] : [`${'ready LED'.padEnd(13)} ${led}`]),
    ...(leds.length === 0
      ? []
      : [`${'LEDs'.padEnd(13)} ${leds.map(entry => `${entry.led}=${entry.state}`).join(', ')}`]),
    ...lines,
    ...(restartNeeded.length === 0
      ? []
      : [`${'restart'.padEnd(13)} needed by ${restartNeeded.join(', ')}: Scm.RestartRequiredServices`]),
    `${'calls'.padEnd(13)} ${calls}`,
  ].join('\n');
}
