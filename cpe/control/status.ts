// The voice side of a unit at a glance: its LED, its SIP gateways, their connections and registrations, and how many calls there are.
import { rowsOf, type Unit } from '../services/service.ts';
import { readyLed } from '../state/ready-led.ts';

export interface UnitStatus {
  /** Absent for a model without the LED. */
  readyLed?: string;
  /** The status tables of the unit, each row as `name=value` pairs. */
  gateways: Record<string, string>[];
  connections: Record<string, string>[];
  registrations: Record<string, string>[];
  calls: number;
}

const tables = {
  gateways: ['GatewayStatus', ['Name', 'State', 'Port', 'SecurePort']],
  connections: ['TlsPersistentConnectionStatus', ['Gateway', 'LocalPort', 'RemoteHost', 'State']],
  registrations: ['RegistrationStatus', ['Endpoint', 'Username', 'Gateway', 'Registrar', 'State']],
} as const;

export function statusOf(unit: Unit, calls: number): UnitStatus {
  const led = readyLed(unit);
  const rows = (name: keyof typeof tables): Record<string, string>[] => {
    const [table, columns] = tables[name];
    return rowsOf(unit, `SipEp.${table}`, columns).map(({ row: _row, ...cells }) => cells);
  };
  return {
    ...(led === undefined ? {} : { readyLed: led }),
    gateways: rows('gateways'),
    connections: rows('connections'),
    registrations: rows('registrations'),
    calls,
  };
}

/** As text: one line for each row. */
export function statusText({ readyLed: led, calls, ...lists }: UnitStatus): string {
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
    ...lines,
    `${'calls'.padEnd(13)} ${calls}`,
  ].join('\n');
}
