// The means of the steps: acting on gateways and ACS as an installer or an operator would, and waiting for what shows on the wire.
import type { SessionReport } from '../../cpe/agent/session/session.ts';
import type { Arguments, EventEntry } from '../../shared/cwmp/methods.ts';
import type { Unit } from './unit.ts';
import { type DemoWorld, informsOf } from './world.ts';

export type Detail = Record<string, unknown>;

/** Looks until `look` finds something; the step's own limit ends it. */
export async function until<T>(
  what: string,
  signal: AbortSignal,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
    if (signal.aborted) throw new Error(`${what}: ${(signal.reason as Error).message}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

export function expect(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export const eventText = (event: EventEntry): string =>
  event.CommandKey ? `${event.EventCode} (${event.CommandKey})` : event.EventCode;

/** The next Inform of a unit after `mark` that carries `event`. */
export async function informWith(
  world: DemoWorld,
  unit: Unit,
  event: string,
  mark: number,
  signal: AbortSignal,
): Promise<Arguments<'Inform'>> {
  const found = await until(`no Inform of gateway ${unit.name} with ${event}`, signal, () =>
    informsOf(world, unit).find(
      ({ number, args }) => number > mark && args.Event.some(entry => entry.EventCode === event),
    ),
  );
  return found.args;
}

export const mark = (world: DemoWorld): number => world.wire.length;

/** All sessions over and nothing left to do: the ACS holds what it wants. */
export async function settled(world: DemoWorld, unit: Unit, signal: AbortSignal): Promise<Record<string, unknown>> {
  return await until(`gateway ${unit.name} does not come to rest`, signal, async () => {
    const device = await world.api('GET', `/devices/${unit.id}`);
    return (
      device.wantedRevision !== null &&
      device.parameterKey === device.wantedRevision &&
      device.openTasks === 0 &&
      device
    );
  });
}

export const wake = async (world: DemoWorld, unit: Unit): Promise<unknown> =>
  await world.api('POST', `/devices/${unit.id}/connection-request`);

/** Wakes a unit; one that is in session says that it is busy, and is asked again. */
export async function wakeSoon(world: DemoWorld, unit: Unit, signal: AbortSignal): Promise<void> {
  let reason = '';
  await until(`gateway ${unit.name} was not woken`, signal, async () => {
    try {
      await wake(world, unit);
      return true;
    } catch (error) {
      reason = (error as Error).message;
      if (!/busy/.test(reason)) throw error;
      return false;
    }
  });
}

export const installCa = async (world: DemoWorld, unit: Unit): Promise<unknown> =>
  await unit.gateway.device.install('X 0090F8 Certificate', Buffer.from(world.acsCa), 'acs-ca.pem');

/** The row command of the unit's certificate table. */
export async function removeCa(unit: Unit): Promise<void> {
  const row = unit.gateway.device.config
    .read('Device.X_0090F8_Cert.OthersCertificatesInfo.')
    .find(value => value.Name.endsWith('.FileName') && value.Value !== 'Cert_MxDefault001.der');
  expect(row, 'no CA is installed');
  await unit.gateway.device.config.set([{ name: row.Name.replace(/FileName$/, 'Delete'), value: 'Delete' }], 'web');
}

/** The report of the first session that a unit makes after `act`. */
export async function sessionAfter(
  unit: Unit,
  signal: AbortSignal,
  act: () => Promise<void>,
): ReturnType<typeof lastSession> {
  await act();
  return await lastSession(unit, signal);
}

export async function lastSession(unit: Unit, signal: AbortSignal): Promise<SessionReport> {
  return await until(`gateway ${unit.name} made no session`, signal, () => unit.gateway.agent?.sessions.last);
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
