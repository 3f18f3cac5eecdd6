// The step of the fleet's story that is a job: every unit gets a value and a tag, in waves, while some of its sessions and answers are lost.
import type { VirtualWorld } from '../support/worlds/virtual-world.ts';

export const JOB_PATH = 'Device.X_0090F8_Nlm.SyslogMessageFormat';
const WANTED = '%message';
const TAG = 'job-done';
const HOUR = 3_600_000;

interface JobItem {
  state: string;
  totals: Record<string, number>;
  sizes: number[];
}

const job = async (world: VirtualWorld): Promise<JobItem> => (await world.api('GET', '/jobs/format')) as JobItem;

/** Retries what has failed until the job ends without a failure. @returns how often */
async function toItsEnd(world: VirtualWorld): Promise<number> {
  let retries = 0;
  const isOver = async (): Promise<boolean> => {
    const { state, totals } = await job(world);
    if (state !== 'done') return false;
    if ((totals.failed ?? 0) === 0 && (totals.away ?? 0) === 0) return true;
    if ((totals.failed ?? 0) > 0) {
      if (++retries > 20) throw new Error(`${totals.failed} have failed ${retries} times`);
      await world.api('POST', '/jobs/format/retry');
    }
    return false;
  };
  await world.until('the job ends', isOver, 7 * 24 * HOUR, 10 * 60_000);
  return retries;
}

/** A job over all units; the units, their rows and the positions of the job agree at its end. */
export async function playJob(
  world: VirtualWorld,
  { count }: { count: number },
  detail: Record<string, unknown>,
): Promise<string> {
  await world.api('POST', '/jobs', {
    id: 'format',
    devices: { filter: 'productClass = "4102S"' },
    do: [{ set: { [JOB_PATH]: WANTED } }, { tags: { add: [TAG] } }],
    waves: ['5%'],
    parallelism: 200,
    expect: count,
  });
  const before = world.clock.monotonic();
  const retries = await toItsEnd(world);
  const { totals, sizes } = await job(world);
  const holding = (world.report().units ?? []).filter(({ parameters }) => parameters?.[JOB_PATH] === WANTED).length;
  const tagged = await taggedIn(world);
  if (totals.done !== count || holding !== count || tagged !== count)
    throw new Error(`the job has done ${totals.done} of ${count}, ${holding} hold the value, ${tagged} have the tag`);
  const hours = (world.clock.monotonic() - before) / HOUR;
  Object.assign(detail, { waves: sizes, retries, hours, done: totals.done, holding, tagged });
  return `${count} hold the value and the tag after ${hours.toFixed(1)} h and ${retries} rounds of retries, ${sizes.join(' + ')} devices`;
}

async function taggedIn(world: VirtualWorld): Promise<number> {
  const query = `filter=${encodeURIComponent(`tag = "${TAG}"`)}&limit=1&count=true`;
  return Number(((await world.api('GET', `/devices?${query}`)) as { total: number }).total);
}
