// The means of the steps: commands that must be executed or refused, registrations and refusals that must come.
import { expect, until } from '../observe.ts';
import type { MxOneWorld, Refusal, Registration } from './world.ts';

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

/** Has the ACS do at once what a site field asks for, and waits until the gateway has it. */
export async function provision(world: MxOneWorld, policy: 0 | 1 | 2 | 3, signal: AbortSignal): Promise<void> {
  const before = await choosePreset(world, policy);
  await wakeSoon(world, signal);
  await atRest(world, before, signal);
}

/** Chooses the preset of a policy for the gateway. Returns the revision that the gateway has until then. */
export async function choosePreset(world: MxOneWorld, policy: 0 | 1 | 2 | 3): Promise<unknown> {
  const { parameterKey } = await world.api('GET', `/devices/${world.id}`);
  await world.api('PATCH', `/devices/${world.id}`, { site: { ...siteOf(world), mxOnePolicy: String(policy) } });
  return parameterKey;
}

/** Wakes the gateway; one that is in session says that it is busy, and is asked again. */
async function wakeSoon(world: MxOneWorld, signal: AbortSignal): Promise<void> {
  await until('the gateway was not woken', signal, async () => {
    try {
      await world.api('POST', `/devices/${world.id}/connection-request`);
      return true;
    } catch (error) {
      if (!/busy/.test((error as Error).message)) throw error;
      return false;
    }
  });
}

/** All sessions are over, and the gateway is as the ACS wants it, by another revision than before. */
export async function atRest(
  world: MxOneWorld,
  before: unknown,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  return await until('the gateway does not come to rest', signal, async () => {
    const device = await world.api('GET', `/devices/${world.id}`);
    const isNew = device.parameterKey !== before && device.parameterKey === device.wantedRevision;
    return isNew && device.openTasks === 0 && !device.restart && device;
  });
}

/** The site fields that the presets of examples/presets read. */
export const siteOf = ({ exchange }: MxOneWorld): Record<string, string> => ({
  mxOne: '127.0.0.1',
  sipDomain: 'mx-one.test',
  sipPort: String(exchange.ports.udp),
  sipsPort: String(exchange.ports.tls),
  line1: '4100',
  pinA: '2468',
  line2: '4101',
  pinB: '1357',
});
