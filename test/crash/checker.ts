// Holds a journal against what is there at the end, seen through the public API alone. It knows nothing of the server: what it
// takes for true is what was seen on the wire, and what TR-069 says of each RPC.
import { type Fact, keyOf } from './journal.ts';
import { type Finding, registers } from './registers.ts';

/** As the API shows it. */
export interface FinalTask {
  id: string;
  device: string;
  method: string;
  args: Record<string, unknown>;
  state: string;
  /** `operator`, or `reconcile` for one that the ACS made by itself. */
  origin: string;
  file?: string;
  started?: string;
  result?: Record<string, unknown>;
  fault?: { code: number | string; message: string };
}

export interface FinalState {
  tasks: FinalTask[];
  /** Readings of all registers were made at the end, so the journal holds them; here is what only the end shows. */
  devices: {
    id: string;
    parameterKey: string;
    /** Known values, by path. */
    parameters: Record<string, string>;
    overrides: Record<string, string>;
  }[];
  /** Wanted by presets, for every device, by path. */
  wanted: Record<string, string>;
  /** Values that the devices themselves hold; a device that never came is not among them. */
  cpes: { id: string; parameterKey: string; values: Record<string, string> }[];
}

/** TR-069 Annex A: done twice, these are not the same as done once. */
const once = new Set(
  'AddObject DeleteObject Download Upload ScheduleDownload Reboot FactoryReset ScheduleInform ChangeDUState SetVouchers'.split(
    ' ',
  ),
);
const transfers = new Set(['Download', 'Upload', 'ScheduleDownload']);
const departures = new Set(['Reboot', 'FactoryReset']);
const ENDED = new Set(['done', 'failed', 'cancelled']);

/** One RPC of one device as seen on the wire: each arrival, and its answer. */
interface Heard {
  device: string;
  method: string;
  key: string;
  arrivals: { at: number; session: number; rpc: number; reply?: Extract<Fact, { kind: 'reply' }>; taken?: number }[];
}

interface Evidence {
  heard: Map<string, Heard>;
  transfers: { device: string; key: string; code: number; at: number; taken: boolean }[];
  /** `M Reboot` of Informs that were acknowledged, as `device key`. */
  reboots: Set<string>;
  /** Places in the journal of the Inform of a session, and of each RPC in it. */
  sessions: Map<number, number[]>;
  cancels: Map<string, { asked: number; granted?: number }>;
  removals: Set<string>;
  /** Tasks that the API acknowledged, as it first showed them. */
  told: Map<string, { at: number; task: FinalTask }>;
  readings: { at: number; task: FinalTask }[];
}

const nameOf = (device: string, method: string, key: string): string => `${device} ${method} ${key}`;

/** @returns every broken promise; none for a good run */
export function check(facts: readonly Fact[], state: FinalState): Finding[] {
  const evidence = evidenceOf(facts);
  const tasks = new Map(state.tasks.map(task => [task.id, task]));
  return [
    ...registers(
      facts,
      state.cpes.map(({ id }) => id),
    ),
    ...kept(evidence, tasks),
    ...wentBack(evidence),
    ...sentOnce(evidence, state),
    ...state.tasks.flatMap(task => judged(task, evidence, state)),
    ...converged(state, evidence),
  ];
}

export type { Finding };

function evidenceOf(facts: readonly Fact[]): Evidence {
  const evidence: Evidence = {
    heard: new Map(),
    transfers: [],
    reboots: new Set(),
    sessions: new Map(),
    cancels: new Map(),
    removals: new Set(),
    told: new Map(),
    readings: [],
  };
  const calls = new Map<number, Extract<Fact, { kind: 'asked' }>>();
  const arrivals = new Map<number, Heard['arrivals'][number]>();
  const informs = new Map<number, Extract<Fact, { kind: 'inform' }>>();
  for (const [at, fact] of facts.entries()) {
    if (fact.kind === 'asked') {
      calls.set(fact.call, fact);
      noteAsked(evidence, fact, at);
    } else if (fact.kind === 'answered') noteAnswered(evidence, calls.get(fact.call), fact, at);
    else if (fact.kind === 'inform') {
      informs.set(fact.session, fact);
      evidence.sessions.set(fact.session, [at]);
    } else if (fact.kind === 'informed') noteInformed(evidence, informs.get(fact.session));
    else if (fact.kind === 'request') noteRequest(evidence, arrivals, fact, at);
    else noteAnswers(evidence, arrivals, fact, at);
  }
  return evidence;
}

/** Answers of RPCs and outcomes of transfers. */
function noteAnswers(
  evidence: Evidence,
  arrivals: Map<number, Heard['arrivals'][number]>,
  fact: Fact,
  at: number,
): void {
  if (fact.kind === 'reply') Object.assign(arrivals.get(fact.rpc) ?? {}, { reply: fact });
  else if (fact.kind === 'replied') Object.assign(arrivals.get(fact.rpc) ?? {}, { taken: at });
  else if (fact.kind === 'transfer') evidence.transfers.push({ ...fact, at, taken: false });
  else if (fact.kind === 'transferred') {
    const told = evidence.transfers.findLast(({ device, key }) => device === fact.device && key === fact.key);
    if (told) told.taken = true;
  }
}

function noteAsked(evidence: Evidence, { method, path }: Extract<Fact, { kind: 'asked' }>, at: number): void {
  const task = /^\/tasks\/([^/?]+)$/.exec(path)?.[1];
  if (method === 'DELETE' && task) evidence.cancels.set(task, { ...evidence.cancels.get(task), asked: at });
  const device = /^\/devices\/([^/?]+)$/.exec(path)?.[1];
  if (method === 'DELETE' && device) evidence.removals.add(decodeURIComponent(device));
}

function noteAnswered(
  evidence: Evidence,
  asked: Extract<Fact, { kind: 'asked' }> | undefined,
  { status, body }: Extract<Fact, { kind: 'answered' }>,
  at: number,
): void {
  if (!asked || status >= 300 || !/^\/(devices\/[^/]+\/tasks(\?|$)|tasks\/)/.test(asked.path)) return;
  const task = body as FinalTask;
  if (!evidence.told.has(task.id)) evidence.told.set(task.id, { at, task });
  evidence.readings.push({ at, task });
  const cancel = asked.method === 'DELETE' ? evidence.cancels.get(task.id) : undefined;
  if (cancel && task.state === 'cancelled') cancel.granted = at;
}

function noteInformed(evidence: Evidence, inform: Extract<Fact, { kind: 'inform' }> | undefined): void {
  for (const event of inform?.events ?? []) {
    const [code, key = ''] = event.split('|');
    if (code === 'M Reboot') evidence.reboots.add(`${inform?.device} ${key}`);
  }
}

function noteRequest(
  evidence: Evidence,
  arrivals: Map<number, Heard['arrivals'][number]>,
  { device, method, key, session, rpc }: Extract<Fact, { kind: 'request' }>,
  at: number,
): void {
  const name = nameOf(device, method, key);
  const heard = evidence.heard.get(name) ?? { device, method, key, arrivals: [] };
  evidence.heard.set(name, heard);
  const arrival = { at, session, rpc };
  heard.arrivals.push(arrival);
  evidence.sessions.get(session)?.push(at);
  arrivals.set(rpc, arrival);
}

/** Tasks that the API acknowledged exist and are unchanged. */
function kept(evidence: Evidence, tasks: Map<string, FinalTask>): Finding[] {
  return [...evidence.told.values()].flatMap(({ task }): Finding[] => {
    const now = tasks.get(task.id);
    if (!now) return [{ rule: 'task-lost', what: `${task.method} ${task.id} was acknowledged and is gone` }];
    const parts = ['device', 'method', 'args', 'file'] as const;
    const differs = parts.find(part => JSON.stringify(now[part]) !== JSON.stringify(task[part]));
    if (differs)
      return [{ rule: 'task-changed', what: `${task.method} ${task.id}: ${differs} is not as acknowledged` }];
    return [];
  });
}

const rank = ['queued', 'sent', 'waiting', 'done'];
const rankOf = (state: string): number => (ENDED.has(state) ? 3 : rank.indexOf(state));

/** A task's state only moves forward; an ended task stays as it ended. */
function wentBack(evidence: Evidence): Finding[] {
  const latest = new Map<string, FinalTask>();
  return evidence.readings.flatMap(({ task }): Finding[] => {
    const before = latest.get(task.id);
    latest.set(task.id, task);
    if (!before || rankOf(task.state) > rankOf(before.state) || task.state === before.state) return [];
    return [{ rule: 'went-back', what: `${task.method} ${task.id} was ${before.state} and then ${task.state}` }];
  });
}

/** A non-repeatable RPC reaches its device once, and each RPC belongs to a task. */
function sentOnce(evidence: Evidence, state: FinalState): Finding[] {
  const findings: Finding[] = [];
  for (const { device, method, key, arrivals } of evidence.heard.values()) {
    if (!once.has(method)) continue;
    const tasks = state.tasks.filter(
      task => task.device === device && task.method === method && keyOf(task.args) === key,
    );
    if (arrivals.length > Math.max(1, key === '' ? tasks.length : 1))
      findings.push({ rule: 'sent-twice', what: `${method} '${key}' reached ${device} ${arrivals.length} times` });
    const started = tasks.filter(task => task.state !== 'queued' && task.started !== undefined);
    if (started.length === 0)
      findings.push({ rule: 'unknown-rpc', what: `${method} '${key}' reached ${device}, and no task says so` });
  }
  return findings;
}

/** Each task ended as the wire says that it ended. */
function judged(task: FinalTask, evidence: Evidence, state: FinalState): Finding[] {
  const name = `${task.method} ${task.id} of ${task.device}`;
  const found = (rule: string, what: string): Finding => ({ rule, what: `${name}: ${what}` });
  const key = keyOf(task.args);
  const cancel = evidence.cancels.get(task.id);
  if (cancel?.granted !== undefined && task.state !== 'cancelled')
    return [found('cancel-lost', `was cancelled, and is ${task.state}`)];
  const comes = state.cpes.some(({ id }) => id === task.device);
  if (!ENDED.has(task.state))
    return comes || task.state !== 'queued' ? [found('left-open', `is ${task.state} for ever`)] : [];
  // The ACS may take back its own tasks that it has not sent.
  const own = task.origin === 'reconcile' && task.started === undefined;
  if (task.state === 'cancelled' && !cancel && !own && !evidence.removals.has(task.device))
    return [found('cancelled-by-nobody', 'is cancelled')];
  // An RPC without a name cannot be distinguished from others of its method.
  if (key === '') return [];
  const heard = evidence.heard.get(nameOf(task.device, task.method, key));
  const findings = sentAfterEnd(heard, evidence, cancel?.granted).map(what => found('sent-after-end', what));
  if (task.state === 'cancelled') return findings;
  return [...findings, ...outcome(task, key, heard, evidence).map(what => found('wrong-outcome', what))];
}

/**
 * An RPC whose answer was taken is not sent again. A cancelled task is not sent afterwards; where both were under way at once the order
 * is unknown, so something else of that session must have come in between.
 */
function sentAfterEnd(heard: Heard | undefined, evidence: Evidence, cancelled: number | undefined): string[] {
  if (!heard) return [];
  const first = heard.arrivals.find(arrival => arrival.taken !== undefined);
  const again = heard.arrivals.filter(arrival => first && arrival.at > (first.taken ?? 0));
  const late = heard.arrivals.filter(
    ({ session, at }) =>
      cancelled !== undefined && evidence.sessions.get(session)?.some(other => other > cancelled && other < at),
  );
  return [
    ...again.map(() => 'was sent again after its answer had been taken'),
    ...late.map(() => 'was sent after it had been cancelled'),
  ];
}

function outcome(task: FinalTask, key: string, heard: Heard | undefined, evidence: Evidence): string[] {
  const must = requiredOutcome(task, key, heard, evidence);
  const is = task.state === 'failed' ? `failed ${task.fault?.code}` : task.state;
  if (must !== undefined && must !== is) return [`is ${is}; by what was acknowledged it is ${must}`];
  const may = possibleOutcomes(task, key, heard, evidence);
  if (!may.has(is)) return [`is ${is}, which nothing on the wire says (${[...may].join(', ')})`];
  return task.state === 'done' ? wrongResult(task, heard) : [];
}

/** Outcomes that the ACS acknowledged, and so must know. */
function requiredOutcome(
  task: FinalTask,
  key: string,
  heard: Heard | undefined,
  evidence: Evidence,
): string | undefined {
  const taken = heard?.arrivals.find(arrival => arrival.taken !== undefined)?.reply;
  if (taken?.code !== undefined) return `failed ${taken.code}`;
  if (transfers.has(task.method)) {
    if (taken && isDoneAtOnce(taken)) return 'done';
    const told = evidence.transfers.find(one => one.device === task.device && one.key === key && one.taken);
    return told && (told.code === 0 ? 'done' : `failed ${told.code}`);
  }
  if (departures.has(task.method)) {
    return taken || evidence.reboots.has(`${task.device} ${key}`) ? 'done' : undefined;
  }
  return taken && 'done';
}

const isDoneAtOnce = ({ result }: Extract<Fact, { kind: 'reply' }>): boolean =>
  (result as { Status?: number } | undefined)?.Status === 0;

/** Outcomes that may have been acknowledged, or that the ACS decided without evidence. */
function possibleOutcomes(task: FinalTask, key: string, heard: Heard | undefined, evidence: Evidence): Set<string> {
  const may = new Set<string>();
  for (const { reply } of heard?.arrivals ?? []) {
    if (reply?.code !== undefined) may.add(`failed ${reply.code}`);
    else if (reply) may.add('done');
  }
  for (const told of evidence.transfers)
    if (told.device === task.device && told.key === key) may.add(told.code === 0 ? 'done' : `failed ${told.code}`);
  if (once.has(task.method)) may.add('failed outcome-unknown');
  // The event that proves a departure may have been all that was heard of it.
  if (departures.has(task.method) && heard) may.add('done');
  return may;
}

/** The result is one that the device gave: the one whose receipt was acknowledged, where one was. */
function wrongResult(task: FinalTask, heard: Heard | undefined): string[] {
  if (task.method !== 'GetParameterValues' && task.method !== 'AddObject') return [];
  const taken = heard?.arrivals.filter(arrival => arrival.taken !== undefined) ?? [];
  const given = (taken.length ? taken : (heard?.arrivals ?? [])).map(({ reply }) => JSON.stringify(reply?.result));
  return given.includes(JSON.stringify(task.result)) ? [] : [`its result is none that the device gave: ${given}`];
}

/** In the end both sides hold the same, and it is what is wanted. */
function converged(state: FinalState, evidence: Evidence): Finding[] {
  const findings: Finding[] = [];
  for (const cpe of state.cpes) {
    const device = state.devices.find(({ id }) => id === cpe.id);
    if (!device) {
      findings.push({ rule: 'device-lost', what: `${cpe.id} informed and is not known` });
      continue;
    }
    if (device.parameterKey !== cpe.parameterKey)
      findings.push({
        rule: 'not-converged',
        what: `${cpe.id} has ParameterKey '${cpe.parameterKey}', known as '${device.parameterKey}'`,
      });
    for (const [path, value] of Object.entries({ ...state.wanted, ...device.overrides }))
      if (cpe.values[path] !== value)
        findings.push({
          rule: 'not-converged',
          what: `${cpe.id} has ${path} = '${cpe.values[path]}', wanted '${value}'`,
        });
    findings.push(...unknownValues(cpe.id, device.parameters, state, evidence));
  }
  return findings;
}

/** A setting whose answer was taken is known. */
function unknownValues(
  device: string,
  parameters: Record<string, string>,
  state: FinalState,
  evidence: Evidence,
): Finding[] {
  return state.tasks.flatMap((task): Finding[] => {
    if (task.device !== device || task.method !== 'SetParameterValues' || task.state !== 'done') return [];
    const heard = evidence.heard.get(nameOf(device, task.method, keyOf(task.args)));
    if (!heard?.arrivals.some(arrival => arrival.taken !== undefined)) return [];
    const list = task.args.ParameterList as { Name: string; Value: string }[];
    return list
      .filter(({ Name, Value }) => parameters[Name] !== Value)
      .map(({ Name }) => ({ rule: 'value-lost', what: `${device} took ${Name}, known is '${parameters[Name]}'` }));
  });
}
