// The means of the steps: commands that must be executed or refused, registrations and refusals that must come.
import { expect, until } from '../observe.ts';
import type { MxOneUnit, MxOneWorld, Refusal, Registration } from './world.ts';

/** A command of the shell that is executed. Returns what it prints. */
export async function executed({ exchange }: MxOneWorld, line: string): Promise<string[]> {
  const { exit, lines } = await exchange.mdsh(line);
  expect(exit === 0, `${line}: ${lines.join(' / ')}`);
  return lines;
}

/** A command of the shell that is not executed. Returns what it prints. */
export async function notExecuted({ exchange }: MxOneWorld, line: string): Promise<string[]> {
  const { exit, lines } = await exchange.mdsh(line);
  expect(exit === 1, `${line} was not refused: ${lines.join(' / ')}`);
  return lines;
}

/** The registration of a number, once it is by that row and as wanted. */
export async function registrationBy(
  { exchange }: MxOneWorld,
  dir: string,
  row: string,
  signal: AbortSignal,
  isWanted: (registration: Registration) => boolean = () => true,
): Promise<Registration> {
  return await until(`${dir} is not registered by ${row}`, signal, async () =>
    (await exchange.registrations(dir)).find(one => one.row === row && isWanted(one)),
  );
}

/** The last refusal of a number. */
export async function lastRefusal({ exchange }: MxOneWorld, dir: string): Promise<Refusal | undefined> {
  return (await exchange.refusals()).find(one => one.dir === dir);
}

/** Has the ACS bring the preset of a policy to a gateway at once, and waits until the gateway has it. */
export async function provision(
  world: MxOneWorld,
  unit: MxOneUnit,
  policy: 0 | 1 | 2 | 3,
  signal: AbortSignal,
): Promise<void> {
  const before = await choosePreset(world, unit, policy);
  await wakeSoon(world, unit, signal);
  await atRest(world, unit, before, signal);
}

/** Chooses the preset of a policy for a gateway. Returns the revision that the gateway has until then. */
export async function choosePreset({ api }: MxOneWorld, unit: MxOneUnit, policy: 0 | 1 | 2 | 3): Promise<unknown> {
  const { parameterKey } = await api('GET', `/devices/${unit.id}`);
  await api('PATCH', `/devices/${unit.id}`, { site: { mxOnePolicy: String(policy) } });
  return parameterKey;
}

/** Wakes a gateway; one that is in session says that it is busy, and is asked again. */
async function wakeSoon({ api }: MxOneWorld, { id }: MxOneUnit, signal: AbortSignal): Promise<void> {
  await until('the gateway was not woken', signal, async () => {
    try {
      await api('POST', `/devices/${id}/connection-request`);
      return true;
    } catch (error) {
      if (!/busy/.test((error as Error).message)) throw error;
      return false;
    }
  });
}

/** All sessions are over, and the gateway is as the ACS wants it, by another revision than before. */
export async function atRest(
  { api }: MxOneWorld,
  { id }: MxOneUnit,
  before: unknown,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  return await until('the gateway does not come to rest', signal, async () => {
    const device = await api('GET', `/devices/${id}`);
    const isNew = device.parameterKey !== before && device.parameterKey === device.wantedRevision;
    return isNew && device.openTasks === 0 && !device.restart && device;
  });
}
