// Work on all devices while sessions go on: a rollout that is planned and aborted, all devices read for an export.
import { packFirmware } from '../../../shared/firmware.ts';
import { onFirstNode, type Sides, withSides } from '../contest.ts';
import { type Goal, makeRow, type Row } from '../figures.ts';
import { type Bench, informedBy, pause, type Setting } from '../measure.ts';
import type { AcsServer } from '../servers/servers.ts';
import { addedRow, elapsed, type Pace, p99Of, paceOf, repeatedBeside } from './beside.ts';

const VERSION = '50.1.1';
const PATIENCE_MS = 600_000;

interface RolloutState {
  state: string;
  planned: string | null;
  ended: string | null;
  sizes: number[];
  totals: { planned: number; offered: number };
}

export const jobs: Bench = {
  about: 'a rollout and a job over all devices planned and aborted, all devices exported, while sessions go on',
  run: given => {
    const setting = onFirstNode(given);
    return withSides(setting, async sides => {
      const pace = paceOf(setting, sides.first, sides);
      return [
        ...(await rolloutRows(setting, sides, pace)),
        ...(await jobRows(setting, sides)),
        ...(await offerRows(setting, sides)),
        ...(await exportRows(setting, sides, pace)),
      ];
    });
  },
};

async function untilRollout(
  server: AcsServer,
  id: string,
  is: (rollout: RolloutState) => boolean,
): Promise<RolloutState> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const rollout = (await server.api('GET', `/rollouts/${id}`)) as RolloutState;
    if (is(rollout)) return rollout;
    if (performance.now() > until) throw new Error(`rollout ${id} is still ${rollout.state} after ${PATIENCE_MS} ms`);
    await pause(20);
  }
}

/** An hour of the day that is far from now: nothing is offered meanwhile. */
function closedWindow(): { from: string; to: string } {
  const hour = (new Date().getUTCHours() + 12) % 24;
  const text = String(hour).padStart(2, '0');
  return { from: `${text}:00`, to: `${text}:01` };
}

/** Rounds of sessions one after the other until the work is over; at least one. */
async function whileAtWork(pace: Pace, work: Promise<unknown>): Promise<number[]> {
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  const busy: number[] = [];
  do busy.push(p99Of(await pace.arrivals(busy.length)));
  while (!over);
  await ended;
  return busy;
}

async function rolloutRows({ devices }: Setting, { first: { ours } }: Sides, pace: Pace): Promise<Row[]> {
  const image = packFirmware({ product: '4102S', version: VERSION, payload: Buffer.alloc(1000, 7) });
  await ours.upload(`/files/bench.bin?type=firmware&version=${VERSION}`, image);
  const quiet = [p99Of(await pace.arrivals(1)), p99Of(await pace.arrivals(2)), p99Of(await pace.arrivals(3))];
  const plan = {
    id: 'bench',
    filter: 'state = "enrolled"',
    firmware: 'bench.bin',
    wake: false,
    window: closedWindow(),
  };
  let [planned, aborted] = [0, 0];
  const planning = (async () => {
    planned = await elapsed(async () => {
      await ours.api('POST', '/rollouts', plan);
      const { sizes } = await untilRollout(ours, 'bench', rollout => rollout.planned !== null);
      const size = sizes.reduce((sum, each) => sum + each, 0);
      if (size === 0 || size > devices) throw new Error(`the rollout has ${size} of ${devices} devices`);
    });
  })();
  const besidePlan = await whileAtWork(pace, planning);
  const aborting = (async () => {
    aborted = await elapsed(async () => {
      await ours.api('POST', '/rollouts/bench/abort');
      await untilRollout(ours, 'bench', rollout => rollout.ended !== null);
    });
  })();
  const besideAbort = await whileAtWork(pace, aborting);
  const evenly = (busy: readonly number[]): number[] => busy.map((_, round) => quiet[round % quiet.length] ?? 0);
  return [
    wall(`planning a rollout over ${devices} devices`, planned, { limit: 5000, of: 'ours' }),
    addedRow({
      name: 'what the planning of a rollout adds to the p99 of sessions',
      ...{ pace, busy: besidePlan, quiet: evenly(besidePlan) },
    }),
    wall('aborting it, until each device is skipped and it has ended', aborted),
    addedRow({
      name: 'what the abort of a rollout adds to the p99 of sessions',
      ...{ pace, busy: besideAbort, quiet: evenly(besideAbort) },
    }),
  ];
}

const wall = (name: string, took: number, goal?: Goal): Row =>
  makeRow({ name, unit: 'ms, wall clock', ours: [took], ...(goal ? { goal } : {}), note: 'while sessions go on' });

/** Devices of a job that is to begin at once. */
const FEW = 1000;

interface JobState {
  planned: string | null;
  ended: string | null;
  sizes: number[];
  totals: Record<string, number>;
}

async function untilJob(server: AcsServer, id: string, is: (job: JobState) => boolean): Promise<JobState> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const job = (await server.api('GET', `/jobs/${id}`)) as JobState;
    if (is(job)) return job;
    if (performance.now() > until) throw new Error(`job ${id} is not as it should be after ${PATIENCE_MS} ms`);
    await pause(10);
  }
}

/** Jobs that tag: one over all devices, planned in waves and aborted, and one over a few that begins at once. */
async function jobRows({ devices }: Setting, { first: { ours } }: Sides): Promise<Row[]> {
  const steps = [{ tags: { add: ['bench'] } }];
  const all = { id: 'bench-job', devices: { filter: 'state = "enrolled"' }, do: steps, waves: ['5%', '25%'] };
  const planned = await elapsed(async () => {
    await ours.api('POST', '/jobs', { ...all, window: closedWindow() });
    await untilJob(ours, 'bench-job', job => job.planned !== null);
  });
  const aborted = await elapsed(async () => {
    await ours.api('POST', '/jobs/bench-job/abort');
    await untilJob(ours, 'bench-job', job => job.ended !== null);
  });
  const filter = `state = "enrolled" and serial < "${String(Math.min(FEW, devices)).padStart(8, '0')}"`;
  const begun = await elapsed(async () => {
    await ours.api('POST', '/jobs', { id: 'bench-few', devices: { filter }, do: steps });
    await untilJob(ours, 'bench-few', ({ totals }) => (totals.done ?? 0) + (totals.running ?? 0) > 0);
  });
  await untilJob(ours, 'bench-few', job => job.ended !== null);
  return [
    wall(`planning a job over ${devices} devices`, planned, { limit: 5000, of: 'ours' }),
    wall('aborting the job, until each device is skipped and it has ended', aborted),
    wall(`a job over ${Math.min(FEW, devices)} devices, until the first one has begun`, begun, {
      limit: 100,
      of: 'ours',
    }),
  ];
}

/** Devices that have an offer at once. */
const OFFERED = 200;
const AT_ONCE: Goal = { limit: 1000, of: 'ours' };

/** A rollout that offers, to devices that are in no session here, is paused and aborted in the midst of it. */
async function offerRows(setting: Setting, { first: { ours }, devices, request }: Sides): Promise<Row[]> {
  const filter = `state = "enrolled" and serial >= "${String(devices.count).padStart(8, '0')}"`;
  const offering = { id: 'offering', filter, firmware: 'bench.bin', wake: false, parallelism: OFFERED };
  const most = Math.min(OFFERED, setting.devices - devices.count);
  if (most <= 0) return [];
  await ours.api('POST', '/rollouts', offering);
  // The first devices, not some of all: none of them is offered the image.
  const first = { ...request(ours), devices: { count: devices.count, stored: devices.count } };
  const stopped = async (action: 'pause' | 'abort'): Promise<number> => {
    await untilRollout(ours, offering.id, ({ totals }) => totals.offered === most);
    const sessions = informedBy(setting.servers, first);
    const took = await elapsed(async () => {
      await ours.api('POST', `/rollouts/${offering.id}/${action}`);
      await untilRollout(ours, offering.id, ({ totals }) => totals.offered === 0);
    });
    await sessions;
    const { totals } = await untilRollout(ours, offering.id, () => true);
    if (totals.offered > 0) throw new Error(`${totals.offered} devices were offered the image after the ${action}`);
    return took;
  };
  const paused = await stopped('pause');
  await ours.api('POST', `/rollouts/${offering.id}/resume`);
  return [
    wall('pausing it in the midst of offers, until nothing is offered', paused, AT_ONCE),
    wall('aborting it in the midst of offers, until nothing is offered', await stopped('abort'), AT_ONCE),
  ];
}

/** Reads all devices page by page and writes their lines, as the program of an operator does. @returns the number of lines */
async function exported(server: AcsServer): Promise<number> {
  const lines: string[] = [];
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await server.api('GET', `/devices?limit=500&sort=id${more}`)) as {
      items: Record<string, unknown>[];
      next?: string | null;
    };
    for (const { id, productClass, firmware, lastInform } of page.items)
      lines.push([id, productClass, firmware, lastInform].join(','));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return lines.length;
}

async function exportRows(setting: Setting, { first: { ours } }: Sides, pace: Pace): Promise<Row[]> {
  const whole = async (): Promise<void> => {
    const lines = await exported(ours);
    if (lines !== setting.devices) throw new Error(`${lines} of ${setting.devices} devices were exported`);
  };
  const { quiet, busy, took } = await repeatedBeside(setting, pace, whole);
  return [
    makeRow({
      name: `all ${setting.devices} devices read page by page and written as CSV`,
      unit: 'ms, wall clock',
      ours: took,
      note: 'while sessions go on; pages of 500',
    }),
    addedRow({ name: 'what an export of all devices adds to the p99 of sessions', pace, quiet, busy }),
  ];
}
