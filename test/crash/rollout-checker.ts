// Holds the journal of a crash run with rollouts against what the API says at the end. It knows nothing of the server: flashes are counted
// by the devices, orders and answers are as they were on the wire.
import type { Manner } from './cpe-state.ts';
import type { Fact } from './journal.ts';
import type { Finding } from './registers.ts';

/** A rollout as the API shows it at the end, all its devices with it. */
export interface FinalRollout {
  id: string;
  state: string;
  version: string;
  parallelism: number;
  sizes: number[];
  totals: Record<string, number>;
  devices: { device: string; wave: number; state: string; reason?: string; version: string }[];
}

export interface FleetUnit {
  id: string;
  manner: Manner;
  /** The version that it runs at the end. */
  version: string;
}

/** A place in the journal. */
interface Course {
  /** Orders to flash that arrived, and images that were written. */
  orders: number[];
  flashed: number[];
}

const never: Course = { orders: [], flashed: [] };

/** @returns every broken promise of one rollout; none for a good run. */
export function checkRollout(facts: readonly Fact[], rollout: FinalRollout, units: readonly FleetUnit[]): Finding[] {
  const found = (rule: string, what: string): Finding => ({ rule, what: `${rollout.id}: ${what}` });
  const from = facts.findIndex(fact => fact.kind === 'asked' && createdBy(fact) === rollout.id);
  const isNext = (fact: Fact): boolean => fact.kind === 'asked' && (createdBy(fact) ?? rollout.id) !== rollout.id;
  const to = facts.findIndex((fact, at) => at > from && isNext(fact));
  const span = { from, to: to < 0 ? facts.length : to };
  const courses = coursesOf(facts, span, rollout.version);
  const retries = countOf(facts, span, `/rollouts/${rollout.id}/retry`);
  const findings: Finding[] = [];
  if (rollout.state !== 'done') findings.push(found('not-ended', `is ${rollout.state}`));
  const counted = Object.values(rollout.totals).reduce((sum, count) => sum + count, 0);
  if (counted !== units.length || rollout.devices.length !== units.length)
    findings.push(found('forgotten', `has ${counted} devices of ${units.length}, lists ${rollout.devices.length}`));
  for (const unit of units) {
    const entry = rollout.devices.find(({ device }) => device === unit.id);
    const course = courses.get(unit.id) ?? never;
    for (const what of judgedUnit(unit, entry, course, retries))
      findings.push(found(what.rule, `${unit.id} ${what.what}`));
  }
  const retried = facts.findIndex((fact, at) => at >= span.from && isRetry(fact, rollout.id));
  findings.push(
    ...inWaves(rollout, courses, units, retried < 0 ? facts.length : retried).map(what => found('wave', what)),
  );
  findings.push(...pausesHeld(facts, span, rollout).map(what => found('paused', what)));
  const most = mostAtOnce(facts, span, rollout.version);
  if (most > rollout.parallelism)
    findings.push(found('parallelism', `${most} devices were under way, ${rollout.parallelism} may be`));
  return findings;
}

const createdBy = (fact: Extract<Fact, { kind: 'asked' }>): string | undefined =>
  fact.method === 'POST' && fact.path === '/rollouts' ? (fact.body as { id: string }).id : undefined;

interface Span {
  from: number;
  to: number;
}

function coursesOf(facts: readonly Fact[], { from, to }: Span, version: string): Map<string, Course> {
  const courses = new Map<string, Course>();
  for (let at = from; at < to; at++) {
    const fact = facts[at];
    if (!fact || !('device' in fact)) continue;
    const course = courses.get(fact.device) ?? { orders: [], flashed: [] };
    courses.set(fact.device, course);
    if (fact.kind === 'request' && fact.method === 'Download') course.orders.push(at);
    else if (fact.kind === 'flashed' && fact.image === version) course.flashed.push(at);
  }
  return courses;
}

const isRetry = (fact: Fact, id: string): boolean => fact.kind === 'asked' && fact.path === `/rollouts/${id}/retry`;

const countOf = (facts: readonly Fact[], { from, to }: Span, path: string): number =>
  facts.slice(from, to).filter(fact => fact.kind === 'asked' && fact.path === path).length;

/** No device is flashed twice, none is forgotten, and the state of each is true. */
function judgedUnit(
  { manner, version }: FleetUnit,
  entry: FinalRollout['devices'][number] | undefined,
  { orders, flashed }: Course,
  retries: number,
): Finding[] {
  const findings: Finding[] = [];
  const wrong = (rule: string, what: string): void => void findings.push({ rule, what });
  // A good device is flashed once, however often it is retried: the ACS finds out that it was done.
  const may = manner === 'good' ? 1 : manner === 'old' ? 1 + retries : 0;
  if (flashed.length > may) wrong('flashed-twice', `was flashed ${flashed.length} times, ${may} are right`);
  if (orders.length > 1 + retries) wrong('ordered-again', `got ${orders.length} Downloads with ${retries} retries`);
  if (entry && entry.version !== version) wrong('wrong-version', `runs ${version}, the ACS says ${entry.version}`);
  const state = manner === 'good' ? 'done' : 'failed';
  if (entry?.state !== state)
    wrong('wrong-state', `(${manner}) is ${entry?.state ?? 'not there'}: ${entry?.reason ?? ''}`);
  if (manner === 'good' && flashed.length === 0) wrong('forgotten', 'was never flashed');
  return findings;
}

/**
 * No device of a wave is ordered to flash before all good ones of the wave before were. A device whose order was lost with a killed
 * server has failed, its outcome unknown, and the wave ends without it: a retry gives it another order, which is not judged here.
 */
function inWaves(
  { sizes, devices }: FinalRollout,
  courses: Map<string, Course>,
  units: readonly FleetUnit[],
  retried: number,
): string[] {
  const good = new Set(units.filter(({ manner }) => manner === 'good').map(({ id }) => id));
  const of = (wave: number): Course[] =>
    devices.filter(entry => entry.wave === wave).map(({ device }) => courses.get(device) ?? never);
  const ends = (wave: number): number =>
    Math.max(
      -1,
      ...devices
        .filter(entry => entry.wave === wave && good.has(entry.device))
        .map(({ device }) => courses.get(device)?.orders[0] ?? Number.POSITIVE_INFINITY)
        .filter(at => at < retried || at === Number.POSITIVE_INFINITY),
    );
  return sizes.flatMap((size, at) => {
    const wave = at + 1;
    const problems: string[] = [];
    if (of(wave).length !== size) problems.push(`wave ${wave} has ${of(wave).length} devices, ${size} were planned`);
    if (wave === 1) return problems;
    const begins = Math.min(...of(wave).map(({ orders }) => orders[0] ?? Number.POSITIVE_INFINITY));
    if (begins < ends(wave - 1)) problems.push(`wave ${wave} began before wave ${wave - 1} was through`);
    return problems;
  });
}

/** Between the answer to a pause and the next resume no session that begins then is ordered to flash. */
function pausesHeld(facts: readonly Fact[], { from, to }: Span, { id }: FinalRollout): string[] {
  const problems: string[] = [];
  const calls = new Map<number, { path: string; at: number }>();
  let resumed = -1;
  const begun = new Set<number>();
  let isPaused = false;
  for (let at = from; at < to; at++) {
    const fact = facts[at];
    if (fact?.kind === 'asked') {
      calls.set(fact.call, { path: fact.path, at });
      if (fact.path !== `/rollouts/${id}/resume`) continue;
      resumed = at;
      isPaused = false;
    } else if (
      fact?.kind === 'answered' &&
      fact.status === 200 &&
      calls.get(fact.call)?.path === `/rollouts/${id}/pause`
    ) {
      // One that went on while the pause was on its way may have come after it.
      isPaused = resumed < (calls.get(fact.call)?.at ?? 0);
      begun.clear();
    } else if (fact?.kind === 'inform' && isPaused) begun.add(fact.session);
    else if (fact?.kind === 'request' && fact.method === 'Download' && isPaused && begun.has(fact.session))
      problems.push(`${fact.device} was ordered to flash during a pause`);
  }
  return problems;
}

/** From the order until the report of its outcome leaves: from then on the server may know. */
function mostAtOnce(facts: readonly Fact[], { from, to }: Span, version: string): number {
  const under = new Set<string>();
  let most = 0;
  for (let at = from; at < to; at++) {
    const fact = facts[at];
    if (fact?.kind === 'request' && fact.method === 'Download') under.add(fact.device);
    else if (fact?.kind === 'reply' && fact.code !== undefined) under.delete(fact.device);
    else if (fact?.kind === 'transfer') under.delete(fact.device);
    else if (fact?.kind === 'inform' && fact.version === version) under.delete(fact.device);
    most = Math.max(most, under.size);
  }
  return most;
}
