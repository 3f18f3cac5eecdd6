// A crash run: devices and operators at work on a server that is killed again and again; then calm, and the judgement.
import { type Random, seededRandom } from '../../shared/clock.ts';
import { check, type FinalState, type FinalTask, type Finding } from './checker.ts';
import { CrashCpe } from './cpe.ts';
import { createJournal, type Fact, type Journal } from './journal.ts';
import { type Api, createApi, operator, wantedBy } from './operator.ts';
import { onServer, type Server } from './server.ts';
import type { CrashStore } from './stores.ts';

/** The instant of a kill: at the `count`th fact that fits, or a number of milliseconds after it; 0 is at once. */
export interface Trigger {
  name: string;
  fits(fact: Fact): boolean;
  /** Largest `count`; default 12, fewer for rare facts. */
  most?: number;
}

const departure = /^(Reboot|FactoryReset)$/;
const transfer = /^(Download|Upload|ScheduleDownload)$/;
const repeatable = /^(Get|Set)Param/;

const isTask = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'state' in body && 'args' in body;

export const triggers: readonly Trigger[] = [
  { name: 'the operator asks for a task', fits: fact => fact.kind === 'asked' && /\/tasks/.test(fact.path) },
  { name: 'the operator writes', fits: fact => fact.kind === 'asked' && /PUT|PATCH|DELETE/.test(fact.method) },
  {
    name: 'a file is stored',
    fits: fact => fact.kind === 'asked' && fact.method === 'PUT' && fact.path.startsWith('/files/'),
    most: 3,
  },
  { name: 'the operator has his answer', fits: fact => fact.kind === 'answered' && fact.status < 300 },
  {
    name: 'the operator has a task',
    fits: fact => fact.kind === 'answered' && fact.status === 201 && isTask(fact.body),
  },
  { name: 'an Inform leaves', fits: fact => fact.kind === 'inform' },
  { name: 'an Inform is acknowledged', fits: fact => fact.kind === 'informed' },
  { name: 'a Reboot arrives', fits: fact => fact.kind === 'request' && departure.test(fact.method), most: 4 },
  { name: 'a transfer is ordered', fits: fact => fact.kind === 'request' && transfer.test(fact.method) },
  { name: 'a read or a setting arrives', fits: fact => fact.kind === 'request' && repeatable.test(fact.method) },
  {
    name: 'another RPC arrives',
    fits: fact =>
      fact.kind === 'request' &&
      !departure.test(fact.method) &&
      !transfer.test(fact.method) &&
      !repeatable.test(fact.method),
  },
  { name: 'an answer leaves', fits: fact => fact.kind === 'reply' },
  { name: 'an answer is taken', fits: fact => fact.kind === 'replied' },
  { name: 'a transfer is told', fits: fact => fact.kind === 'transfer' },
  { name: 'a told transfer is acknowledged', fits: fact => fact.kind === 'transferred' },
  { name: 'an upload begins', fits: fact => fact.kind === 'uploading', most: 1 },
  { name: 'a session ends', fits: fact => fact.kind === 'ended' },
];

export interface RunSettings {
  main: string;
  store: CrashStore;
  seed: number;
  kills: number;
  /** The kinds of instants, in turn; default: all. */
  at?: readonly Trigger[];
  env?: Record<string, string>;
  devices?: number;
  /** Processes on the store, behind a balancer where they are several; one by default. */
  nodes?: number;
  /** Is killed instead of the server. */
  victim?: Victim;
  /** Runs when the servers are up. */
  atStart?: () => void;
  /** Runs before the last sessions. */
  atCalm?: () => void;
}

export interface Victim {
  start(): Promise<void>;
  /** SIGKILL: sent before this returns; resolves when the process is gone. */
  kill(): Promise<void>;
}

export interface RunReport {
  findings: Finding[];
  facts: readonly Fact[];
  kills: Record<string, number>;
  tasks: Record<string, number>;
}

const OPERATORS = 4;
/** A run gives up an instant that does not come within this number of other facts, */
const PATIENCE_FACTS = 4000;
/** or while nothing happens for this long. */
const PATIENCE_MS = 30_000;
const DELAYS = [0, 0, 0, 1, 1, 2, 3, 5, 8];

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

export async function crashRun(settings: RunSettings): Promise<RunReport> {
  return await onServer(settings, acs => work(settings, acs));
}

async function work(settings: RunSettings, acs: Server): Promise<RunReport> {
  settings.atStart?.();
  const random = seededRandom(settings.seed);
  const journal = createJournal();
  const api = createApi(journal, () => ({ url: acs.api, token: acs.token }));
  const cpes = Array.from(
    { length: settings.devices ?? 14 },
    (_, number) =>
      new CrashCpe({
        serial: `D${number}`,
        url: acs.cwmp,
        journal,
        random: seededRandom(settings.seed * 1000 + number),
      }),
  );
  await api.call('PUT', '/files/site.cfg?type=script', 'first');
  await api.call('PUT', '/presets/site', { script: 'site.cfg', set: { 'Device.X_Crash.Site': 'yes' } });

  let over = false;
  const busy = Promise.all([
    ...cpes.map((cpe, number) => lives(cpe, seededRandom(settings.seed * 1000 + 500 + number), () => over)),
    ...operators(settings, journal, api, cpes).map((act, number) =>
      acts(act, seededRandom(settings.seed * 1000 + 900 + number), acs, () => over),
    ),
  ]);
  const kills: Record<string, number> = {};
  const victim = settings.victim ?? acs;
  try {
    for (const trigger of planned(settings, random)) {
      const why = await killAt(trigger, random, journal, victim);
      kills[why] = (kills[why] ?? 0) + 1;
      await victim.start();
      journal.add({ kind: 'started' });
    }
  } finally {
    over = true;
    await busy;
  }
  const ended = acs.ownEnd();
  if (ended !== undefined) throw new Error(`a server ended by itself: ${ended}`);
  settings.atCalm?.();
  journal.add({ kind: 'calm' });
  await calm(cpes);
  const state = await finalState(api, journal, cpes);
  const tasks: Record<string, number> = {};
  for (const { method, state: ended } of state.tasks) {
    const name = `${method} ${ended}`;
    tasks[name] = (tasks[name] ?? 0) + 1;
  }
  return { findings: check(journal.facts, state), facts: journal.facts, kills, tasks };
}

/** Each kind of instant in turn, in an order of the seed. */
function planned({ kills, at = triggers }: RunSettings, random: Random): Trigger[] {
  const order: Trigger[] = [];
  while (order.length < kills) {
    const left = [...at];
    while (left.length > 0) order.push(...left.splice(random.int(0, left.length - 1), 1));
  }
  return order.slice(0, kills);
}

async function killAt(trigger: Trigger, random: Random, journal: Journal, victim: Victim): Promise<string> {
  let count = random.int(1, trigger.most ?? 12);
  const delay = DELAYS[random.int(0, DELAYS.length - 1)] ?? 0;
  return await new Promise<string>((resolve, reject) => {
    const kill = (why: string): void => {
      journal.add({ kind: 'killed', why });
      victim.kill().then(() => resolve(why), reject);
    };
    const timer = setTimeout(() => finish('any instant'), PATIENCE_MS);
    // In the same turn of the event loop in which the fact was seen, unless a delay is asked for.
    const finish = (why: string, after = 0): void => {
      clearTimeout(timer);
      stop();
      if (after > 0) setTimeout(() => kill(why), after);
      else kill(why);
    };
    let seen = 0;
    const stop = journal.listen(fact => {
      if (trigger.fits(fact) && --count === 0) finish(trigger.name, delay);
      else if (++seen === PATIENCE_FACTS) finish('any instant');
    });
  });
}

async function lives(cpe: CrashCpe, random: Random, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const how = await cpe.session();
    await pause(how === 'lost' ? random.int(10, 60) : random.int(5, 120));
  }
}

async function acts(act: () => Promise<void>, random: Random, acs: Server, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    if (acs.isUp()) await act();
    await pause(random.int(2, 25));
  }
}

function operators(settings: RunSettings, journal: Journal, api: Api, cpes: CrashCpe[]): (() => Promise<void>)[] {
  const known = new Set<string>();
  journal.listen(fact => {
    if (fact.kind === 'informed') known.add(fact.device);
  });
  let number = 0;
  return Array.from({ length: OPERATORS }, (_, index) =>
    operator({
      name: `op${index}`,
      api,
      random: seededRandom(settings.seed * 1000 + 700 + index),
      own: cpes.filter((_cpe, at) => at % OPERATORS === index).map(({ id }) => id),
      all: cpes.map(({ id }) => id),
      isKnown: device => known.has(device),
      next: () => ++number,
    }),
  );
}

/** Sessions in which nothing was asked and nothing is left to tell, until each device is at rest for good. */
async function calm(cpes: CrashCpe[]): Promise<void> {
  for (const cpe of cpes) {
    let quiet = 0;
    for (let turn = 0; quiet < 5; turn++) {
      if (turn === 200) throw new Error(`${cpe.id} does not come to rest`);
      const how = await cpe.session();
      quiet = how === 'quiet' && !cpe.hasNews() ? quiet + 1 : 0;
      // In session elsewhere until a dead server's lease has run out.
      if (how === 'lost') await pause(200);
    }
  }
}

async function finalState(api: Api, journal: Journal, cpes: CrashCpe[]): Promise<FinalState> {
  const read = async <T>(path: string): Promise<T> => {
    const answer = await api.call('GET', path);
    if (answer?.status !== 200) throw new Error(`GET ${path}: ${JSON.stringify(answer ?? journal.facts.at(-1))}`);
    return answer.body as T;
  };
  const papers = Array.from({ length: OPERATORS }, (_, number) => `00C0DE-Paper-op${number}`);
  const paths = new Set(journal.facts.flatMap(fact => registersIn(fact)));
  for (const id of [...cpes.map(cpe => cpe.id), ...papers]) paths.add(`/devices/${encodeURIComponent(id)}`);
  for (const path of paths) await api.call('GET', path);
  const tasks = new Map<string, FinalTask>();
  const devices: FinalState['devices'] = [];
  for (const { id } of cpes) {
    const place = `/devices/${encodeURIComponent(id)}`;
    const { parameterKey, overrides } = await read<{
      parameterKey: string;
      overrides: Record<string, { value: string }>;
    }>(place);
    const { items, next } = await read<{ items: { path: string; value: string }[]; next: unknown }>(
      `${place}/parameters`,
    );
    if (next !== null) throw new Error(`${id} has more parameters than one page shows`);
    devices.push({
      id,
      parameterKey,
      parameters: Object.fromEntries(items.map(({ path, value }) => [path, value])),
      overrides: Object.fromEntries(Object.entries(overrides).map(([path, { value }]) => [path, value])),
    });
  }
  for (const id of [...cpes.map(cpe => cpe.id), ...papers]) {
    const { items } = await read<{ items: FinalTask[] }>(`/tasks?device=${encodeURIComponent(id)}&limit=500`);
    if (items.length === 500) throw new Error(`${id} has more tasks than one page shows: fewer kills a run`);
    for (const task of items) tasks.set(task.id, task);
  }
  const presets = await read<{ items: { set?: Record<string, unknown> }[] }>('/presets');
  return {
    tasks: [...tasks.values()],
    devices,
    wanted: wantedBy(presets.items),
    cpes: cpes.map(({ id, parameterKey, values }) => ({ id, parameterKey, values: Object.fromEntries(values) })),
  };
}

/** Paths of what was ever written: read once more at the end. */
function registersIn(fact: Fact): string[] {
  if (fact.kind === 'uploading') return [`/files/${fact.file}`];
  if (fact.kind !== 'asked' || !/^\/(files|presets)\//.test(fact.path)) return [];
  return [fact.path.split('?')[0] ?? ''];
}

/** For a failed run: what happened, shortest first. */
export function told({ findings, kills, tasks }: RunReport, seed: number): string {
  const lines = findings.slice(0, 20).map(({ rule, what }) => `${rule}: ${what}`);
  return [`seed ${seed}: ${findings.length} findings`, ...lines, JSON.stringify({ kills, tasks })].join('\n');
}
