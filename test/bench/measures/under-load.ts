// The wait of an operator while the ACS works: set-and-confirm and read-now at 70 % of its capacity, and during a storm of boots.
import { onFirstNode, type Sides, withSides } from '../contest.ts';
import { makeRow, percentile, type Row, rounded } from '../figures.ts';
import { answersOf, informTemplate } from '../load/envelopes.ts';
import type { LoadReport, Participants } from '../load/requests.ts';
import { type Bench, informedBy, type Setting } from '../measure.ts';
import { listenOverflows } from '../servers/process-cost.ts';
import type { AcsServer } from '../servers/servers.ts';
import { callAndWait, reachable, reading1, setting1 } from './call.ts';
import { capacityOf, LOAD } from './latency.ts';
import { bootsOn } from './storm.ts';

/** CPEs that are called, apart from those that come by themselves. */
const CALLED = 8;
const SECONDS = 12;
const WAIT_S = 50;
const GOAL_MS = 250;
/** Boots in a millisecond. Sent in one instant they would overflow the listen queue of the kernel, 4,096, and what would be measured is TCP's timer. */
const BOOTS_PER_MS = 10;

interface Calls {
  set: number[];
  read: number[];
  failed: number;
  lastError: string;
}

export const underLoad: Bench = {
  about: 'API calls that set and confirm, and that read, at 70 % load and in a storm of --boots boots',
  run: given => {
    const setting = onFirstNode(given);
    return withSides(setting, async sides => [...(await atLoad(setting, sides)), ...(await inStorm(setting, sides))]);
  },
};

/** The first devices are called, all others come by themselves: none is in session twice at once. */
const calledNumbers = Array.from({ length: CALLED }, (_, number) => number);

/** At most that many of the others. */
function others({ devices }: Setting, most: number): Participants {
  const stored = Math.max(1, devices - CALLED);
  return { count: Math.min(stored, most), stored, from: CALLED };
}

/** Calls one CPE after the other, in turn to set and to read, until the work is over. */
async function callWhile(server: AcsServer, numbers: readonly number[], work: Promise<unknown>): Promise<Calls> {
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  const calls: Calls = { set: [], read: [], failed: 0, lastError: '' };
  const calling = async (number: number, what: 'set' | 'read'): Promise<void> => {
    while (!over) {
      const began = performance.now();
      try {
        await callAndWait(server, number, what === 'set' ? setting1 : reading1, WAIT_S);
      } catch (error) {
        calls.failed++;
        calls.lastError = String(error);
      }
      // A call that failed has taken its time too.
      calls[what].push(performance.now() - began);
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  };
  await Promise.all(numbers.map((number, nth) => calling(number, nth % 2 ? 'read' : 'set')));
  await ended;
  return calls;
}

async function readyToBeCalled(setting: Setting, sides: Sides): Promise<number[]> {
  for (const number of calledNumbers) await reachable(setting, sides, sides.first.ours, { number, lane: 'called' });
  return calledNumbers;
}

async function atLoad(setting: Setting, sides: Sides): Promise<Row[]> {
  const { ours } = sides.first;
  const capacity = await capacityOf(setting, sides, ours);
  const numbers = await readyToBeCalled(setting, sides);
  const perSecond = capacity * LOAD;
  const { settings } = sides.request(ours);
  const devices = others(setting, setting.sessions);
  const sessions = Math.ceil(perSecond * Math.min(SECONDS, setting.sessions / 20));
  const arrivals = informedBy(setting.servers, { kind: 'open', settings, devices, sessions, perSecond, seed: 1 });
  const calls = await callWhile(ours, numbers, arrivals);
  return rowsOf('at 70 % load', calls, `${rounded(perSecond)} sessions/s beside it, capacity ${rounded(capacity)}`);
}

async function inStorm(setting: Setting, sides: Sides): Promise<Row[]> {
  const { ours } = sides.first;
  const numbers = await readyToBeCalled(setting, sides);
  const said = { inform: informTemplate({ event: '1 BOOT' }), answers: answersOf() };
  const devices = others(setting, setting.boots);
  const boots = { ...bootsOn(setting, ours, said), devices, spreadMs: devices.count / BOOTS_PER_MS };
  let report: LoadReport | undefined;
  const storm = setting.servers.load(boots).then(done => {
    report = done;
  });
  const overflows = listenOverflows();
  const calls = await callWhile(ours, numbers, storm);
  const { count } = devices;
  const broken = report?.failed ? `${report.failed} attempts broke off (${report.lastError})` : 'no attempt broke off';
  const note = `${report?.sessions ?? 0} of ${count} devices had their session in ${rounded(report?.seconds ?? 0)} s, ${report?.storm?.turnedAway ?? 0} times turned away, ${broken}; listen queues of the machine overflowed ${listenOverflows() - overflows} times`;
  if (report?.sessions !== count) throw new Error(`the storm is not over: ${note}`);
  return rowsOf(`in a storm of ${count} boots`, calls, note);
}

function rowsOf(when: string, calls: Calls, told: string): Row[] {
  const note = `${told}; ${calls.failed} of ${calls.set.length + calls.read.length} calls failed${calls.failed ? ` (${calls.lastError})` : ''}`;
  return (['set', 'read'] as const).flatMap(what =>
    [0.5, 0.99].map(share =>
      makeRow({
        name: `API call that connects, ${what === 'set' ? 'sets one parameter and confirms' : 'reads one parameter'}, ${when}, p${share * 100}`,
        unit: 'ms, wall clock',
        ours: [percentile(calls[what], share)],
        ...(share === 0.99 ? { goal: { limit: GOAL_MS, of: 'ours' as const } } : {}),
        note: `${calls[what].length} calls; ${note}`,
      }),
    ),
  );
}
