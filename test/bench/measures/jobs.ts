// Work on all devices while sessions go on: a rollout that is planned and aborted, all devices read for an export.
import { packFirmware } from '../../../shared/firmware.ts';
import { onFirstNode, type Sides, withSides } from '../contest.ts';
import { type Goal, makeRow, type Row } from '../figures.ts';
import { type Bench, pause, type Setting } from '../measure.ts';
import type { AcsServer } from '../servers/servers.ts';
import { addedRow, elapsed, type Pace, p99Of, paceOf, repeatedBeside } from './beside.ts';

const VERSION = '50.1.1';
const PATIENCE_MS = 600_000;

interface RolloutState {
  state: string;
  planned: string | null;
  ended: string | null;
  sizes: number[];
}

export const jobs: Bench = {
  about: 'a rollout over all devices planned and aborted, all devices exported, while sessions go on',
  run: given => {
    const setting = onFirstNode(given);
    return withSides(setting, async sides => {
      const pace = paceOf(setting, sides.first, sides);
      return [...(await rolloutRows(setting, sides, pace)), ...(await exportRows(setting, sides, pace))];
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
    await pause(100);
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
  const wall = (name: string, took: number, limit: number): Row => {
    const goal: Goal = { limit, of: 'ours' };
    return makeRow({ name, unit: 'ms, wall clock', ours: [took], goal, note: 'while sessions go on' });
  };
  const evenly = (busy: readonly number[]): number[] => busy.map((_, round) => quiet[round % quiet.length] ?? 0);
  return [
    wall(`planning a rollout over ${devices} devices`, planned, 5000),
    addedRow({
      name: 'what the planning of a rollout adds to the p99 of sessions',
      ...{ pace, busy: besidePlan, quiet: evenly(besidePlan) },
    }),
    wall(`aborting it, until it has ended`, aborted, 1000),
    addedRow({
      name: 'what the abort of a rollout adds to the p99 of sessions',
      ...{ pace, busy: besideAbort, quiet: evenly(besideAbort) },
    }),
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
