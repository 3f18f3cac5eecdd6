// The steps of the fleet's story, in order, each with the evidence of both sides. All is virtual time and one seed: what a step notes
// as its detail is the same in each run.
import { countDifferences } from '../../cpe/fleet/compare.ts';
import type { UnitReport } from '../../cpe/fleet/report.ts';
import { messageOf } from '../../shared/errors.ts';
import { packFirmware } from '../../shared/firmware.ts';
import { reconcileFleet } from '../support/worlds/reconciliation.ts';
import type { VirtualWorld, VirtualWorldOptions } from '../support/worlds/virtual-world.ts';
import { JOB_PATH, playJob } from './fleet-job.ts';

export interface StoryOptions {
  count: number;
  faults: string;
}

type Detail = Record<string, unknown>;

export interface StoryStep {
  name: string;
  /** Notes what it observed. @returns one line about it */
  run(world: VirtualWorld, options: StoryOptions, detail: Detail): Promise<string>;
}

const HOUR = 3_600_000;
const BEFORE = '49.1.2884';
const AFTER = '49.2.2941';
const root = 'Device.X_0090F8_';

interface DeviceItem {
  id: string;
  state: string;
  online: boolean;
  username: string | null;
  parameterKey: string;
  wantedRevision: string | null;
  softwareVersion: string;
  openTasks: number;
  faults: { cause: string; message: string }[];
}

async function devices(world: VirtualWorld): Promise<DeviceItem[]> {
  const all: DeviceItem[] = [];
  let more = '';
  do {
    const page = (await world.api('GET', `/devices?limit=500${more}`)) as { items: DeviceItem[]; next?: string | null };
    all.push(...page.items);
    more = page.next ? `&cursor=${encodeURIComponent(page.next)}` : '';
  } while (more !== '');
  return all;
}

const units = (world: VirtualWorld): UnitReport[] => world.report().units ?? [];
const hours = (ms: number): string => `${(ms / HOUR).toFixed(1)} h`;
/**
 * Waits until each device is as `holds` has it, asking the ACS.
 * @returns milliseconds of virtual time
 * @throws Error that names the first devices which are not
 */
async function everyDevice(
  world: VirtualWorld,
  { count }: StoryOptions,
  what: string,
  holds: (device: DeviceItem) => boolean,
  limit: number,
): Promise<number> {
  let others: DeviceItem[] = [];
  const all = async (): Promise<boolean> => {
    const known = await devices(world);
    others = known.filter(device => !holds(device));
    return known.length === count && others.length === 0;
  };
  try {
    return await world.until(what, all, limit, 10 * 60_000);
  } catch (error) {
    const shown = others.slice(0, 3).map(({ id, faults }) => `${id} ${JSON.stringify(faults)}`);
    throw new Error(`${messageOf(error)}; ${others.length} are not: ${shown.join(', ')}`, { cause: error });
  }
}

/** As GET /rollouts/{id} has it. */
interface RolloutItem {
  state: string;
  reason?: string;
  wave: number;
  totals: Record<string, number>;
  perWave: { wave: number; size: number; totals: Record<string, number> }[];
  devices: { items: { device: string; state: string; reason?: string }[]; next: string | null };
}

const rollout = async (world: VirtualWorld, query = ''): Promise<RolloutItem> =>
  (await world.api('GET', `/rollouts/dgw?limit=500${query}`)) as RolloutItem;

/** Resumes after each pause, as an operator does after a look at it. @returns the pauses */
async function toItsEnd(world: VirtualWorld): Promise<{ wave: number; reason: string; failed: number }[]> {
  const pauses: { wave: number; reason: string; failed: number }[] = [];
  const isEnded = async (): Promise<boolean> => {
    const { state, wave, reason = '', totals } = await rollout(world);
    if (state !== 'paused') return state === 'done';
    pauses.push({ wave, reason, failed: totals.failed ?? 0 });
    await world.api('POST', '/rollouts/dgw/resume');
    return false;
  };
  await world.until('the rollout ends', isEnded, 7 * 24 * HOUR, 10 * 60_000);
  return pauses;
}

/** States of the devices in the rollout, and how often each reason of a failure occurs. */
async function judged(world: VirtualWorld): Promise<{ states: Map<string, string>; reasons: Record<string, number> }> {
  const states = new Map<string, string>();
  const reasons: Record<string, number> = {};
  for (let more: string | null = ''; more !== null; ) {
    const { devices }: RolloutItem = await rollout(world, more && `&cursor=${encodeURIComponent(more)}`);
    for (const { device, state, reason = '' } of devices.items) {
      states.set(device, state);
      if (state === 'failed') reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
    more = devices.next;
  }
  return { states, reasons };
}

/** Devices whose state in the rollout contradicts the unit: `done` means that the unit runs the image. */
const misjudged = (world: VirtualWorld, states: ReadonlyMap<string, string>): string[] =>
  units(world)
    .map(({ oui, productClass, serial, firmware }) => ({ id: `${oui}-${productClass}-${serial}`, firmware }))
    .filter(({ id, firmware }) => (states.get(id) === 'done') !== (firmware === AFTER))
    .map(({ id }) => id);

/** Three presets: one for all, one for a product, and one that outweighs both. */
const presets: Readonly<Record<string, unknown>> = {
  base: { set: { [`${root}Cwmp.PeriodicInformInterval`]: 3600, [`${root}Nlm.SyslogRemoteHost`]: 'log.example.test' } },
  hardening: {
    when: 'productClass = "4102S"',
    weight: 5,
    set: { [`${root}Cwmp.TransportHttpsCipherSuite`]: 'CS3', [`${root}Cwmp.TransportHttpsTlsVersion`]: 'TLSv1_2' },
  },
  site: { when: 'productClass = "4102S"', weight: 10, set: { [`${root}Nlm.SyslogRemoteHost`]: 'log.site.test' } },
};
const configured: Readonly<Record<string, string>> = {
  [`${root}Cwmp.PeriodicInformInterval`]: '3600',
  [`${root}Nlm.SyslogRemoteHost`]: 'log.site.test',
  [`${root}Cwmp.TransportHttpsCipherSuite`]: 'CS3',
  [`${root}Cwmp.TransportHttpsTlsVersion`]: 'TLSv1_2',
};

/** All gateways come, under faults, and are enrolled. */
async function enrol(world: VirtualWorld, options: StoryOptions, detail: Detail): Promise<string> {
  world.setFaults(options.faults);
  world.start();
  const took = await everyDevice(world, options, 'all enrolled', ({ state }) => state === 'enrolled', 6 * HOUR);
  const { informed, sessions, failedSessions } = world.report();
  Object.assign(detail, { enrolled: options.count, informed, sessions, failedSessions });
  return `${options.count} devices enrolled in ${hours(took)}, ${failedSessions} of ${sessions} sessions failed`;
}

/** Each gets a login of its own. */
async function credentials(world: VirtualWorld, options: StoryOptions, detail: Detail): Promise<string> {
  // A login that the ACS offered may have been lost on its way; the units know what they hold.
  const holding = (): number =>
    world.group.units.filter(({ gateway }) => gateway.device.config.variable('Cwmp.Username') !== 'enrol').length;
  const isAll = (): boolean => holding() === options.count;
  const took = await world.until('all with a login of their own', isAll, 12 * HOUR);
  const wrong = (await devices(world)).filter(({ id, username }) => username !== id).length;
  if (wrong > 0) throw new Error(`the ACS knows ${wrong} devices by another login`);
  const own = holding();
  Object.assign(detail, { own });
  return `${own} units have left the shared login, after ${hours(took)}`;
}

/** Three presets reach every unit. */
async function configure(world: VirtualWorld, options: StoryOptions, detail: Detail): Promise<string> {
  for (const [name, preset] of Object.entries(presets)) await world.api('PUT', `/presets/${name}`, preset);
  const took = await everyDevice(
    world,
    options,
    'all configured',
    ({ parameterKey, wantedRevision }) => parameterKey !== '' && parameterKey === wantedRevision,
    12 * HOUR,
  );
  const wrong = units(world).filter(({ parameters }) =>
    Object.entries(configured).some(([path, value]) => parameters?.[path] !== value),
  );
  if (wrong.length > 0)
    throw new Error(`${wrong.length} units are not as wanted, the first: ${JSON.stringify(wrong[0])}`);
  const revisions = new Set((await devices(world)).map(({ parameterKey }) => parameterKey));
  Object.assign(detail, { presets: Object.keys(presets), values: configured, revisions: [...revisions].sort() });
  return `${options.count} units hold ${Object.keys(configured).length} values of 3 presets, after ${hours(took)}`;
}

/** A day passes. */
async function monitor(world: VirtualWorld, options: StoryOptions, detail: Detail): Promise<string> {
  const before = world.report();
  await world.pass(24 * HOUR);
  const after = world.report();
  const sessions = after.sessions - before.sessions;
  const failed = after.failedSessions - before.failedSessions;
  const online = (await devices(world)).filter(device => device.online).length;
  if (online < options.count * 0.95) throw new Error(`only ${online} of ${options.count} devices are online`);
  Object.assign(detail, { sessions, failed, online, failures: after.failures, faults: after.faults });
  return `a day: ${sessions} sessions, ${failed} failed, ${online} online`;
}

/** A rollout in waves, resumed after each pause. */
async function firmware(world: VirtualWorld, _options: StoryOptions, detail: Detail): Promise<string> {
  const image = packFirmware({ product: '4102S', version: AFTER, payload: Buffer.alloc(64 * 1024, 0x5a) });
  await world.api('PUT', `/files/dgw?type=firmware&version=${AFTER}&productClass=4102S`, image);
  await world.api('POST', '/rollouts', {
    id: 'dgw',
    filter: 'productClass = "4102S"',
    firmware: 'dgw',
    waves: ['1%', '10%'],
    parallelism: 100,
    success: { soak: 2 * 3600 },
    failure: { total: '3%', action: 'pause' },
  });
  const before = world.clock.monotonic();
  const pauses = await toItsEnd(world);
  const { perWave, totals } = await rollout(world);
  const { states, reasons } = await judged(world);
  const wrong = misjudged(world, states);
  if (wrong.length > 0) throw new Error(`${wrong.length} units are not as the rollout says: ${wrong.slice(0, 3)}`);
  const hoursTaken = (world.clock.monotonic() - before) / HOUR;
  const { firmware, transfers, faults } = world.report();
  const waves = perWave.map(wave => ({ size: wave.size, done: wave.totals.done, failed: wave.totals.failed }));
  Object.assign(detail, { before: BEFORE, after: AFTER, hours: hoursTaken, waves, pauses, reasons });
  Object.assign(detail, { firmware, transfers, faults });
  const stops = pauses.map(({ wave, failed }) => `at ${failed} failures in wave ${wave}`).join(', ');
  return `${totals.done} on ${AFTER} in ${hoursTaken.toFixed(1)} h, ${waves.map(({ size }) => size).join(' + ')} devices; ${totals.failed} failed; ${stops ? `paused ${stops}, resumed` : 'no pause'}`;
}

/** Failed devices are retried until each runs the image. */
async function stragglers(world: VirtualWorld, { count }: StoryOptions, detail: Detail): Promise<string> {
  // Never flashed again by itself: an operator looks at them and has them tried again, until each one runs it.
  const before = world.clock.monotonic();
  let retries = 0;
  for (let left = (await rollout(world)).totals.failed ?? 0; left > 0; ) {
    if (++retries > 20) throw new Error(`${left} have failed ${retries} times`);
    await world.api('POST', '/rollouts/dgw/retry');
    await toItsEnd(world);
    left = (await rollout(world)).totals.failed ?? 0;
  }
  const took = world.clock.monotonic() - before;
  const wrong = misjudged(world, (await judged(world)).states);
  if (wrong.length > 0) throw new Error(`${wrong.length} units are not as the rollout says: ${wrong.slice(0, 3)}`);
  Object.assign(detail, { retries, hours: took / HOUR, firmware: world.report().firmware });
  return `${count} on ${AFTER} after ${retries} rounds of retries, in ${hours(took)}`;
}

/** Both sides are compared. */
async function reconciled(world: VirtualWorld, _options: StoryOptions, detail: Detail): Promise<string> {
  world.setFaults('none');
  await world.pass(3 * HOUR);
  const { differences, lies, unknown } = await reconcileFleet(path => world.api('GET', path), units(world));
  const { exchanges, hash } = world.trace();
  Object.assign(detail, {
    differences,
    lies: countDifferences(lies),
    unknown: countDifferences(unknown),
    exchanges,
    trace: hash,
  });
  if (differences.length > 0) throw new Error(`the sides differ: ${JSON.stringify(countDifferences(differences))}`);
  const doubts = unknown.length > 0 ? `, ${unknown.length} outcomes known to be unknown` : '';
  return `both sides agree after ${exchanges} exchanges; ${lies.length} lies in the history${doubts}`;
}

const steps: readonly StoryStep[] = [
  { name: 'enrol', run: enrol },
  { name: 'credentials', run: credentials },
  { name: 'configure', run: configure },
  { name: 'monitor', run: monitor },
  { name: 'firmware', run: firmware },
  { name: 'stragglers', run: stragglers },
  { name: 'job', run: playJob },
  { name: 'reconciled', run: reconciled },
];

const world: VirtualWorldOptions = {
  ramp: 600,
  softwareVersion: BEFORE,
  parameters: [...Object.keys(configured), JOB_PATH],
  // Factory settings that an ISP's customer profile would have.
  settings: {
    'Device.ManagementServer.PeriodicInformEnable': '1',
    'Device.ManagementServer.PeriodicInformInterval': '1800',
  },
};

export const fleetStory = { steps, world };
