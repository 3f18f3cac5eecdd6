// A crash run of a job: it sets a parameter, reboots and tags each device of a fleet while the server is killed again and again. At the end
// devices, rows, tasks and positions are reconciled.
import { type Random, seededRandom } from '../../../shared/clock.ts';
import { CrashCpe } from '../cpe.ts';
import { createJournal, type Fact, type Journal } from '../journal.ts';
import { type Api, createApi } from '../operator.ts';
import { onServer, type Server } from '../server.ts';
import type { CrashStore } from '../stores.ts';
import { insist, killedAt, live, pause, type Triggers, untilQuiet } from './kills.ts';

export interface JobRunSettings {
  main: string;
  store: CrashStore;
  seed: number;
  kills: number;
  devices: number;
  /** One in so many refuses to set anything. */
  stubborn: number;
  /** Devices besides, which are announced and never come: each is planned, and skipped once it is its turn. */
  absent?: number;
}

export interface JobReport {
  /** Differences between the devices and the job, a sentence each. */
  differences: string[];
  kills: Record<string, number>;
  totals: Record<string, number>;
}

const triggers: Triggers = {
  'a job is asked for': fact => fact.kind === 'asked' && fact.path.startsWith('/jobs'),
  'an operator has his answer': fact => fact.kind === 'answered' && fact.status < 300,
  'a reboot is ordered': fact => fact.kind === 'request' && fact.method === 'Reboot',
  'an answer leaves': fact => fact.kind === 'reply',
  'an answer is taken': fact => fact.kind === 'replied',
  'an Inform leaves': fact => fact.kind === 'inform' && fact.events.includes('1 BOOT'),
  'an Inform is acknowledged': fact => fact.kind === 'informed',
};
/** After the last kill, until the job has ended. */
const LIMIT_MS = 150_000;
const PATH = 'Device.X_Job.Value';
const TAG = 'by-job';

interface Run {
  api: Api;
  acs: Server;
  journal: Journal;
  random: Random;
  cpes: readonly CrashCpe[];
  absent: number;
  isStubborn(id: string): boolean;
}

export async function jobRun(settings: JobRunSettings): Promise<JobReport> {
  return await onServer(settings, async acs => {
    const { seed, devices, stubborn, absent = 0 } = settings;
    const random = seededRandom(seed);
    const journal = createJournal();
    const api = createApi(journal, () => ({ url: acs.api, token: acs.token }));
    const refuses = (number: number): boolean => number % stubborn === stubborn - 1;
    const cpes = Array.from({ length: devices }, (_, number) => {
      const own = { random: seededRandom(seed * 1000 + number), isStubborn: refuses(number) };
      return new CrashCpe({ serial: `D${number}`, url: acs.cwmp, journal, ...own });
    });
    for (const cpe of cpes) await untilQuiet(cpe);
    await announce(acs, absent);
    let over = false;
    const lives = cpes.map((cpe, number) => live(cpe, seededRandom(seed * 1000 + 500 + number), () => over));
    try {
      const isStubborn = (id: string): boolean => refuses(Number(id.split('-D')[1]));
      const run = { api, acs, journal, random, cpes, absent, isStubborn };
      const kills = await throughFleet(run, settings.kills);
      return { kills, ...(await reconciled(run)) };
    } finally {
      over = true;
      await Promise.all(lives);
    }
  });
}

/** @returns how often the server was killed, by instant */
async function throughFleet(run: Run, wanted: number): Promise<Record<string, number>> {
  const { api, acs, journal } = run;
  const kills: Record<string, number> = {};
  let left = wanted;
  let ended = false;
  const killing = (async () => {
    while (left > 0 && !ended) {
      const why = await killedAt({ ...run, at: Object.keys(triggers), triggers }, () => ended);
      if (why === undefined) return;
      left--;
      kills[why] = (kills[why] ?? 0) + 1;
      await acs.start();
      journal.add({ kind: 'started' });
    }
  })();
  const body = {
    id: 'j',
    devices: { filter: 'productClass = "Box"' },
    do: [{ set: { [PATH]: 'wanted' } }, { task: { method: 'Reboot' } }, { tags: { add: [TAG] } }],
    // Those that never come would keep a wave open.
    waves: run.absent > 0 ? ['100%'] : [2, '40%'],
    parallelism: 6,
    wake: false,
  };
  try {
    await insist(api, acs, 'POST', '/jobs', body);
    await toTheEnd(run, () => left === 0);
  } finally {
    ended = true;
    await killing;
    if (!acs.isUp()) await acs.start();
  }
  return kills;
}

interface Listed {
  device: string;
  state: string;
  code?: string;
}

/** @returns undefined where the server does not answer */
async function listed(api: Api, query = ''): Promise<Listed[] | undefined> {
  const found: Listed[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await api.call('GET', `/jobs/j/devices?limit=500${query}${cursor && `&cursor=${cursor}`}`);
    if (answer?.status !== 200) return undefined;
    const page = answer.body as { items: Listed[]; next: string | null };
    found.push(...page.items);
    cursor = page.next;
  }
  return found;
}

/** The devices, once all that come have ended. */
async function endedOf({ api, cpes, absent }: Run, state: string | undefined): Promise<Listed[] | undefined> {
  if (absent === 0) return state === 'done' ? await listed(api) : undefined;
  const [done, failed] = [await listed(api, '&state=done'), await listed(api, '&state=failed')];
  const ended = [...(done ?? []), ...(failed ?? [])];
  return ended.length === cpes.length ? ended : undefined;
}

const PORTION = 20_000;
const absentId = (number: number): string => `00C0DE-Box-P${number}`;

/** Makes devices known that never come. */
async function announce({ api, token }: Server, count: number): Promise<void> {
  for (let from = 0; from < count; from += PORTION) {
    const ids = Array.from({ length: Math.min(PORTION, count - from) }, (_, at) => absentId(from + at));
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'text/csv' };
    const body = `id\n${ids.join('\n')}\n`;
    const { status } = await fetch(`${api}/api/v1/devices`, { method: 'POST', headers, body });
    if (status !== 201) throw new Error(`POST /devices: ${status}`);
  }
}

/** @throws Error where it cannot be read */
async function read<T>(api: Api, path: string): Promise<T> {
  const answer = await api.call('GET', path);
  if (answer?.status !== 200) throw new Error(`GET ${path}: ${answer?.status}`);
  return answer.body as T;
}

/** Retries failed devices until the job is done and only those have failed that refuse, and all kills have been. */
async function toTheEnd(run: Run, isCalm: () => boolean): Promise<void> {
  const { api, acs, isStubborn } = run;
  let calmSince: number | undefined;
  for (;;) {
    await pause(200);
    if (isCalm()) calmSince ??= performance.now();
    if (calmSince !== undefined && performance.now() - calmSince > LIMIT_MS)
      throw new Error(`it does not end: ${JSON.stringify((await api.call('GET', '/jobs/j'))?.body)}`);
    const answer = acs.isUp() ? await api.call('GET', '/jobs/j') : undefined;
    const { state } = (answer?.status === 200 ? answer.body : {}) as { state?: string };
    const devices = await endedOf(run, state);
    if (!devices) continue;
    const again = devices.filter(entry => entry.state === 'failed' && !isStubborn(entry.device));
    if (again.length > 0) await api.call('POST', '/jobs/j/retry', { devices: again.map(({ device }) => device) });
    // Until all kills have been, the refusing ones are tried again and again.
    else if (!isCalm()) await api.call('POST', '/jobs/j/retry');
    else return;
  }
}

async function reconciled({ api, cpes, absent, journal, isStubborn }: Run): Promise<Omit<JobReport, 'kills'>> {
  const differences: string[] = [];
  const job = await read<{ totals: Record<string, number> }>(api, '/jobs/j');
  const all = (await listed(api)) ?? [];
  const entries = new Map(all.map(entry => [entry.device, entry]));
  const counted = Object.values(job.totals).reduce((sum, count) => sum + count, 0);
  const planned = cpes.length + absent;
  if ([counted, all.length, entries.size].some(count => count !== planned))
    differences.push(`${counted} devices are counted and ${entries.size} of ${all.length} listed of ${planned}`);
  for (let number = 0; number < absent; number++) {
    const { state, code = '' } = entries.get(absentId(number)) ?? {};
    const is = `${state} ${code}`.trim();
    if (is !== 'planned' && is !== 'skipped not-enrolled') differences.push(`${absentId(number)} is ${is}`);
  }
  for (const cpe of cpes) {
    const refuses = isStubborn(cpe.id);
    const entry = entries.get(cpe.id);
    const state = `${entry?.state} ${entry?.code ?? ''}`.trim();
    if (state !== (refuses ? 'failed fault-9003' : 'done')) differences.push(`${cpe.id} is ${state}`);
    if ((cpe.values.get(PATH) === 'wanted') === refuses) differences.push(`${cpe.id} has ${cpe.values.get(PATH)}`);
    const { tags } = await read<{ tags: string[] }>(api, `/devices/${cpe.id}`);
    if (tags.includes(TAG) === refuses) differences.push(`${cpe.id} has the tags ${tags.join()}`);
    differences.push(...rebootsOf(journal.facts, cpe.id, refuses));
    const { items } = await read<{ items: { state: string; job?: string }[] }>(
      api,
      `/tasks?device=${cpe.id}&limit=100`,
    );
    const open = items.filter(task => task.job === 'j' && !['done', 'failed', 'cancelled'].includes(task.state));
    if (open.length > 0) differences.push(`${cpe.id} has ${open.length} open tasks`);
  }
  return { differences, totals: job.totals };
}

/** A reboot is ordered by one request for each task, and never of a device that has not taken the step before. */
function rebootsOf(facts: readonly Fact[], id: string, refuses: boolean): string[] {
  const keys = facts.flatMap(fact =>
    fact.kind === 'request' && fact.device === id && fact.method === 'Reboot' ? [fact.key] : [],
  );
  if (new Set(keys).size !== keys.length) return [`${id} got a reboot twice: ${keys.join()}`];
  if (refuses === keys.length > 0) return [`${id} got ${keys.length} reboots`];
  return [];
}

/** For a failed run: what happened. */
export const toldOf = ({ differences, kills, totals }: JobReport, seed: number): string =>
  [
    `seed ${seed}: ${differences.length} differences`,
    ...differences.slice(0, 20),
    JSON.stringify({ kills, totals }),
  ].join('\n');
