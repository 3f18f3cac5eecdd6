// A crash run of rollouts: one after the other goes through the fleet while the server is killed again and again; an operator pauses and
// resumes it. At the end of each, failed devices are retried until only those have failed whose manner is to fail.
import { type Random, seededRandom } from '../../shared/clock.ts';
import { CrashCpe } from './cpe.ts';
import type { Manner } from './cpe-state.ts';
import { insist, killedAt, live, pause, type Triggers, untilQuiet } from './jobs/kills.ts';
import { createJournal, type Fact, type Journal } from './journal.ts';
import { type Api, createApi } from './operator.ts';
import type { Finding } from './registers.ts';
import { checkRollout, type FinalRollout, type FleetUnit } from './rollout-checker.ts';
import { onServer, type Server } from './server.ts';
import type { CrashStore } from './stores.ts';

export interface RolloutRunSettings {
  main: string;
  store: CrashStore;
  seed: number;
  kills: number;
  devices?: number;
  /** The kinds of instants; default: all. */
  at?: readonly string[];
  /** The manners of the devices; default: some of each. */
  mannerOf?: (number: number) => Manner;
  env?: Record<string, string>;
}

export interface RolloutReport {
  findings: Finding[];
  facts: readonly Fact[];
  kills: Record<string, number>;
  /** States at the end of each rollout. */
  totals: Record<string, number>[];
}

/** Kills happen as a message of the rollout is seen on the wire. */
const triggers: Triggers = {
  'a rollout is asked for': fact => fact.kind === 'asked' && fact.path.startsWith('/rollouts'),
  'an operator has his answer': fact => fact.kind === 'answered' && fact.status < 300,
  'an order to flash arrives': fact => fact.kind === 'request' && fact.method === 'Download',
  'an answer leaves': fact => fact.kind === 'reply',
  'an image is written': fact => fact.kind === 'flashed',
  'an Inform leaves': fact => fact.kind === 'inform' && fact.events.includes('1 BOOT'),
  'an Inform is acknowledged': fact => fact.kind === 'informed',
  'a transfer is told': fact => fact.kind === 'transfer',
  'a told transfer is acknowledged': fact => fact.kind === 'transferred',
};
/** After the last kill of a rollout, until it has ended. */
const LIMIT_MS = 150_000;
const PARALLELISM = 4;

export async function rolloutRun(settings: RolloutRunSettings): Promise<RolloutReport> {
  return await onServer(settings, acs => work(settings, acs));
}

/** One in eight refuses, one in eight takes it in vain. */
const mixed = (number: number): Manner => (number % 8 === 3 ? 'refuse' : number % 8 === 6 ? 'old' : 'good');

async function work(settings: RolloutRunSettings, acs: Server): Promise<RolloutReport> {
  const { seed, kills: wanted, devices = 16, at = Object.keys(triggers), mannerOf = mixed } = settings;
  const random = seededRandom(seed);
  const journal = createJournal();
  const api = createApi(journal, () => ({ url: acs.api, token: acs.token }));
  const manners = Array.from({ length: devices }, (_, number) => mannerOf(number));
  const cpes = manners.map(
    (manner, number) =>
      new CrashCpe({
        serial: `D${number}`,
        url: acs.cwmp,
        journal,
        manner,
        random: seededRandom(seed * 1000 + number),
      }),
  );
  for (const cpe of cpes) await untilQuiet(cpe);

  let over = false;
  const lives = cpes.map((cpe, number) => live(cpe, seededRandom(seed * 1000 + 500 + number), () => over));
  const report: RolloutReport = { findings: [], facts: journal.facts, kills: {}, totals: [] };
  try {
    for (let number = 2, left = wanted; left > 0; number++) {
      left -= await throughFleet(
        { id: `r${number}`, version: `${number}.0` },
        { api, acs, journal, random, left, at, mannerOf, report },
      );
      const rollout = await finalOf(api, `r${number}`);
      report.totals.push(rollout.totals);
      // Between two rollouts nothing is under way, so what the units run is what they run at the end of the one.
      const units: FleetUnit[] = cpes.map(({ id, version }, at) => ({ id, version, manner: manners[at] ?? 'good' }));
      report.findings.push(...checkRollout([...journal.facts], rollout, units));
    }
  } finally {
    over = true;
    await Promise.all(lives);
  }
  return report;
}

interface Scene {
  api: Api;
  acs: Server;
  journal: Journal;
  random: Random;
  left: number;
  at: readonly string[];
  mannerOf: (number: number) => Manner;
  report: RolloutReport;
}

/** @returns how often the server was killed */
async function throughFleet({ id, version }: { id: string; version: string }, scene: Scene): Promise<number> {
  const { api, acs, journal, report } = scene;
  await api.call('PUT', `/files/${id}.bin?type=firmware&version=${version}&productClass=Box`, version);
  let kills = 0;
  let ended = false;
  const killing = (async () => {
    while (kills < scene.left && !ended) {
      const why = await killedAt({ ...scene, triggers }, () => ended);
      if (why === undefined) return;
      kills++;
      report.kills[why] = (report.kills[why] ?? 0) + 1;
      await acs.start();
      journal.add({ kind: 'started' });
    }
  })();
  const body = {
    id,
    filter: 'productClass = "Box"',
    firmware: `${id}.bin`,
    waves: [2, '30%'],
    parallelism: PARALLELISM,
    wake: false,
    success: { soak: 1 },
  };
  await insist(api, acs, 'POST', '/rollouts', body);
  const meddling = meddle(id, scene, () => ended);
  try {
    await toTheEnd(id, scene, () => kills >= scene.left);
  } finally {
    ended = true;
    await Promise.all([killing, meddling]);
    if (!acs.isUp()) await acs.start();
  }
  return kills;
}

/** Pauses now and then, and resumes. */
async function meddle(id: string, { api, acs, random }: Scene, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await pause(random.int(1500, 4000));
    if (isOver() || !acs.isUp()) continue;
    const paused = await api.call('POST', `/rollouts/${id}/pause`);
    if (paused?.status !== 200) continue;
    await pause(random.int(200, 800));
    while (!isOver()) {
      const resumed = acs.isUp() ? await api.call('POST', `/rollouts/${id}/resume`) : undefined;
      if (resumed && resumed.status < 500) break;
      await pause(50);
    }
  }
}

/** Retries failed devices until the rollout is done and only those have failed whose manner is to fail. */
async function toTheEnd(id: string, { api, acs, mannerOf }: Scene, isCalm: () => boolean): Promise<void> {
  let calmSince: number | undefined;
  for (;;) {
    await pause(200);
    if (isCalm()) calmSince ??= performance.now();
    if (calmSince !== undefined && performance.now() - calmSince > LIMIT_MS)
      throw new Error(`${id} does not end: ${JSON.stringify((await api.call('GET', `/rollouts/${id}`))?.body)}`);
    const answer = acs.isUp() ? await api.call('GET', `/rollouts/${id}?limit=500`) : undefined;
    if (answer?.status !== 200) continue;
    const { state, devices } = answer.body as {
      state: string;
      devices: { items: { device: string; state: string }[] };
    };
    if (state === 'paused' && isCalm()) await api.call('POST', `/rollouts/${id}/resume`);
    if (state !== 'done') continue;
    const failed = devices.items.filter(entry => entry.state === 'failed').map(({ device }) => device);
    const again = failed.filter(device => mannerOf(Number(device.split('-D')[1])) === 'good');
    if (again.length === 0) return;
    await api.call('POST', `/rollouts/${id}/retry`, { devices: again });
  }
}

async function finalOf(api: Api, id: string): Promise<FinalRollout> {
  const answer = await api.call('GET', `/rollouts/${id}?limit=500`);
  if (answer?.status !== 200) throw new Error(`GET /rollouts/${id}: ${answer?.status}`);
  const { state, firmware, parallelism, sizes, totals, devices } = answer.body as Omit<
    FinalRollout,
    'devices' | 'version'
  > & { firmware: { version: string }; devices: { items: FinalRollout['devices'] } };
  return { id, state, version: firmware.version, parallelism, sizes, totals, devices: devices.items };
}

/** For a failed run: what happened, shortest first. */
export function toldOf({ findings, kills, totals }: RolloutReport, seed: number): string {
  const lines = findings.slice(0, 20).map(({ rule, what }) => `${rule}: ${what}`);
  return [`seed ${seed}: ${findings.length} findings`, ...lines, JSON.stringify({ kills, totals })].join('\n');
}
