// The LEDs and ports of a unit as they are now, and one log line when an LED changes.
import { adminStateOf } from '../common/endpoint-locks.ts';
import { peekSlot, rowsOf, slotOf, type Unit } from '../service.ts';
import { lineState } from '../tr104/line-calls.ts';
import { hardwareOf } from './products.ts';

/** Only `steady green` of Ready is the vendor's word; the other states are ours. */
export type LedState = 'steady green' | 'blinking green' | 'off';

export interface Led {
  led: string;
  state: LedState;
}

interface Port {
  port: string;
  kind: string;
  state: string;
}

/** @returns undefined for a unit without the LED, or without voice */
export function readyLed(unit: Unit): LedState | undefined {
  if (!hardwareOf(unit.identity.productClass).hasReadyLed) return undefined;
  const states = (table: string): string[] => rowsOf(unit, `SipEp.${table}`, ['State']).map(({ State }) => State);
  // A locked endpoint is not meant to be registered.
  const wanted = rowsOf(unit, 'SipEp.RegistrationStatus', ['State', 'Endpoint']).filter(
    ({ Endpoint }) => adminStateOf(unit, Endpoint) !== 'Locked',
  );
  const gateways = states('GatewayStatus');
  if (gateways.length === 0) return undefined;
  if (!unit.services.started('SipEp')) return 'off';
  const links = states('TlsPersistentConnectionStatus').map(state => state === 'Up');
  const accounts = wanted.map(({ State }) => /^(Registered|Refreshing)$/.test(State));
  const connected = [...links, ...accounts];
  const isReady = gateways.every(state => state === 'Ready');
  // A unit that is connected to nothing has nothing to be ready for.
  if (connected.length === 0) return isReady ? 'off' : 'blinking green';
  return isReady && connected.every(isUp => isUp) ? 'steady green' : 'blinking green';
}

const lit = (isLit: boolean): LedState => (isLit ? 'steady green' : 'off');

/** Numbers of the lines that are in use. */
function linesInUse(unit: Unit): number[] {
  const { count } = hardwareOf(unit.identity.productClass).lines;
  return Array.from({ length: count }, (_, at) => at + 1).filter(line => lineState(unit, line) !== 'Idle');
}

/** Here the first port is the one with a cable. */
const isPlugged = (at: number): boolean => at === 0;

export function ledsOf(unit: Unit): Led[] {
  if (unit.model.services.length === 0) return [];
  const { ethernet } = hardwareOf(unit.identity.productClass);
  const ready = readyLed(unit);
  return [
    { led: 'Power', state: lit(unit.services.up) },
    ...(ready === undefined ? [] : [{ led: 'Ready', state: ready }]),
    { led: 'In Use', state: lit(linesInUse(unit).length > 0) },
    ...ethernet.map((name, at) => ({ led: `Ethernet ${name}`, state: lit(unit.services.up && isPlugged(at)) })),
  ];
}

/** The speed of a port with a cable as it is set; `Full100` by itself. */
export function connectionOf(unit: Unit, at: number): string {
  if (!isPlugged(at)) return 'Disconnected';
  const speed = rowsOf(unit, 'Eth.Ports', ['Speed'])[at]?.Speed ?? 'Auto';
  return speed === 'Auto' ? 'Full100' : speed;
}

export function portsOf(unit: Unit): Port[] {
  const { ethernet, lines } = hardwareOf(unit.identity.productClass);
  const busy = linesInUse(unit);
  return [
    ...ethernet.map((port, at) => ({ port, kind: 'Ethernet', state: connectionOf(unit, at) })),
    ...Array.from({ length: lines.count }, (_, at) => ({
      port: `${lines.kind} ${at + 1}`,
      kind: lines.kind,
      state: busy.includes(at + 1) ? 'In use' : 'Idle',
    })),
  ];
}

const owner = {};
type Seen = Readonly<Record<string, LedState>>;

/** Logs each LED that has changed since the last look; to be called when something may have. An idle unit keeps nothing. */
export function noteLeds(unit: Unit): void {
  const before = peekSlot<{ seen: Seen }>(unit, owner)?.seen;
  const changed = ledsOf(unit).filter(({ led, state }) => state !== (before?.[led] ?? atStart(led, state)));
  if (changed.length === 0) return;
  const seen = { ...before, ...Object.fromEntries(changed.map(({ led, state }) => [led, state])) };
  slotOf<{ seen: Seen }>(unit, owner, () => ({ seen })).seen = seen;
  for (const { led, state } of changed) unit.log.info('LED changed', { led, state });
}

/** A unit that starts is not ready yet, and not in use. */
const atStart = (led: string, state: LedState): LedState => (led === 'Ready' || led === 'In Use' ? 'off' : state);
