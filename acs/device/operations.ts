// Every change of a device as a pure function of its row and plain data: no clock, no chance, no store. The same arguments give
// the same change, so an operation can be replayed and can cross to the thread or process that owns the store.
import { createHash } from 'node:crypto';
import { UserError } from '../../shared/errors.ts';
import { suspicion } from './clone-detection.ts';
import type { Credentials } from './credentials.ts';
import type { Drift, WantedValue } from './desired-state.ts';
import { suspected, suspectedBy } from './drift-suspicion.ts';
import type { DeviceFault } from './fault.ts';
import { restarted, withInform } from './inform.ts';
import { dueAt, livenessOf } from './liveness.ts';
import type { DeviceOperation, DeviceOperations, DevicePatch, Outcome } from './operation-types.ts';
import type { RolloutPosition } from './rollout-position.ts';
import {
  afterHearing,
  afterTask,
  afterVisit,
  assign,
  begin,
  mayBegin,
  offer,
  precheck,
  release,
  turn,
  verdict,
} from './rollout-transitions.ts';
import type { DeviceIdentity, DeviceRow } from './row.ts';
import type { Task, TaskFault } from './task.ts';
import { afterInform, afterSession, isSent, isTransfer, withoutExpired } from './task-evidence.ts';

/** What an operation makes of a row. The same `row` object: nothing changed. No row: the device is gone. */
export interface Change<R> {
  row: DeviceRow | undefined;
  result: R;
  /** Tasks that left the row because they ended. */
  ended: Task[];
}

type Operation<N extends DeviceOperation> = (
  row: DeviceRow | undefined,
  args: DeviceOperations[N]['args'],
  id: string,
) => Change<DeviceOperations[N]['result']>;

const MAX_OPEN_TASKS = 100;
const MAX_TASK_BYTES = 256 * 1024;
const MAX_FAULTS = 50;
const MAX_APPLIED = 64;
const MAX_DRIFT = 50;

const unchanged = <R>(row: DeviceRow | undefined, result: R): Change<R> => ({ row, result, ended: [] });
const changed = <R>(row: DeviceRow, result: R, ended: Task[] = []): Change<R> => ({ row, result, ended });

/** Carries out one operation on one row. @throws UserError what the caller can mend; then nothing changed */
export function operate<N extends DeviceOperation>(
  name: N,
  id: string,
  row: DeviceRow | undefined,
  args: DeviceOperations[N]['args'],
): Change<DeviceOperations[N]['result']> {
  const operation: Operation<N> | undefined = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (!operation) throw new Error(`no device operation ${name}`);
  return operation(row, args, id);
}

function existing(row: DeviceRow | undefined, id: string): DeviceRow {
  if (!row) throw new UserError(404, 'no-such-device', `there is no device ${id}`);
  return row;
}

export function newRow(id: string, identity: DeviceIdentity, state: DeviceRow['state'], now: number): DeviceRow {
  return {
    id,
    manufacturer: identity.manufacturer,
    oui: identity.oui,
    productClass: identity.productClass,
    serialNumber: identity.serialNumber,
    state,
    created: now,
    connectionRequest: { url: '', username: '', password: '' },
    tags: [],
    site: {},
    overrides: {},
    lastEvents: [],
    address: '',
    softwareVersion: '',
    hardwareVersion: '',
    provisioningCode: '',
    parameterKey: '',
    root: '',
    told: '{}',
    // Tokens start at the time of birth, so that those of a removed device mean nothing to one that returns under its id.
    fence: now,
    applied: {},
    tasks: [],
    faults: [],
  };
}

const informed: Operation<'informed'> = (row, facts, id) => {
  if (!row && facts.admission === 'refuse') return unchanged(row, { outcome: 'refused' });
  const claim = row?.claim;
  if (claim && claim.owner !== facts.owner && claim.token !== facts.takeOver)
    return unchanged(row, { outcome: 'busy', claim });

  const known =
    row ?? newRow(id, facts.identity, facts.admission === 'enrolled' ? 'enrolled' : 'quarantine', facts.now);
  const token = known.fence + 1;
  // A copy of its own, so it may be changed here.
  const next = withInform(known, facts);
  const { tasks, ended } = afterInform(known.tasks, facts);
  next.tasks = tasks;
  next.applied = withApplied(next.applied, ended);
  if (next.rollout) next.rollout = afterHearing(next, next.rollout, ended, codesOf(facts), facts.now);
  next.fence = token;
  next.claim = { token, owner: facts.owner };
  if (next.openUntil !== undefined) delete next.openUntil;
  if (facts.lift && next.state === 'quarantine') next.state = 'enrolled';
  if (row) Object.assign(next, suspicion(row, facts));
  else if (facts.certificate !== undefined) next.certificate = facts.certificate;
  const reconciled = suspectedBy(next.reconciled, facts.events);
  if (reconciled && reconciled !== next.reconciled) next.reconciled = reconciled;
  const first = known.lastInform === undefined;
  const lifted = known.state === 'quarantine' && next.state === 'enrolled' ? { lifted: true as const } : {};
  const claimed = { outcome: 'claimed' as const, row: next, token, first, settled: ended, ...lifted };
  if (next.absence === undefined) return changed(next, claimed, ended);
  const back = next.absence;
  delete next.absence;
  return changed(next, { ...claimed, back }, ended);
};

const codesOf = ({ events }: DeviceOperations['informed']['args']): string[] => events.map(event => event.EventCode);

/** Remembers the files of Downloads that ended well. */
function withApplied(before: Record<string, string>, ended: readonly Task[]): Record<string, string> {
  const taken = ended.filter(task => task.method === 'Download' && task.state === 'done' && task.file && task.fileHash);
  if (taken.length === 0) return before;
  const applied = new Map(Object.entries(before));
  for (const { file, fileHash } of taken) {
    applied.delete(file ?? '');
    applied.set(file ?? '', fileHash ?? '');
  }
  return Object.fromEntries([...applied].slice(-MAX_APPLIED));
}

const isStale = (row: DeviceRow, token: number): boolean => row.claim?.token !== token;

const released: Operation<'released'> = (row, { token, complete, now }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  const { claim: _claim, ...free } = known;
  if (!complete) return changed(free, 'ok');
  const { tasks, ended } = afterSession(free.tasks, token, now);
  const next: DeviceRow = { ...free, tasks };
  if (next.rollout) next.rollout = afterVisit(next, next.rollout, now);
  return changed(next, 'ok', ended);
};

const missed: Operation<'missed'> = (row, { now, blindSpot }) => {
  const at = blindSpot && (row?.lastInform ?? 0) < blindSpot.until ? now - blindSpot.ms : now;
  // Removed, or heard of meanwhile.
  if (!row || dueAt(row) === 0 || dueAt(row) >= at) return unchanged(row, undefined);
  const absence = livenessOf(row, at);
  if (absence === undefined || absence === 'online') return unchanged(row, undefined);
  return changed({ ...row, absence }, { absence, lastInform: row.lastInform ?? 0 });
};

const intervalLearned: Operation<'intervalLearned'> = (row, { informInterval }, id) => {
  const known = existing(row, id);
  if ((known.informInterval ?? 0) === informInterval) return unchanged(row, false);
  const { informInterval: _before, ...rest } = known;
  return changed(informInterval > 0 ? { ...rest, informInterval } : rest, true);
};

const announced: Operation<'announced'> = (row, { identity, now, patch }, id) => {
  if (row) throw new UserError(409, 'device-exists', `device ${id} is already known`);
  const next = withPatch(newRow(id, identity, 'known', now), patch);
  return changed(next, next);
};

const patched: Operation<'patched'> = (row, { patch }, id) => {
  const next = withPatch(existing(row, id), patch);
  return changed(next, next);
};

/** `null` removes a field. */
export const mergedSite = (site: DeviceRow['site'], changes: NonNullable<DevicePatch['site']>): DeviceRow['site'] =>
  Object.fromEntries(
    Object.entries({ ...site, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
  );

function withPatch(row: DeviceRow, patch: DevicePatch): DeviceRow {
  const next: DeviceRow = { ...row };
  if (patch.tags) next.tags = [...new Set(patch.tags)];
  if (patch.site) next.site = mergedSite(row.site, patch.site);
  if (patch.overrides) next.overrides = mergedOverrides(row.overrides, patch.overrides);
  if (patch.credentials) next.credentials = patch.credentials;
  if (patch.connectionRequest) next.connectionRequest = { ...row.connectionRequest, ...patch.connectionRequest };
  return next;
}

function mergedOverrides(
  before: DeviceRow['overrides'],
  changes: NonNullable<DevicePatch['overrides']>,
): DeviceRow['overrides'] {
  const merged = new Map<string, WantedValue | null>([...Object.entries(before), ...Object.entries(changes)]);
  return Object.fromEntries([...merged].flatMap(([path, value]) => (value === null ? [] : [[path, value] as const])));
}

const approved: Operation<'approved'> = (row, { identity, openUntil, now }, id) => {
  const known = row ?? (identity ? newRow(id, identity, 'known', now) : existing(row, id));
  const { hold, clashes: _clashes, ...rest } = known;
  const next: DeviceRow = { ...rest, state: known.state === 'known' ? 'known' : 'enrolled' };
  if (hold?.certificate !== undefined) next.certificate = hold.certificate;
  if (known.faults.length > 0) next.faults = known.faults.filter(({ cause }) => cause !== 'enrolment');
  if (openUntil !== undefined) next.openUntil = openUntil;
  return changed(next, next);
};

const credentialsOffered: Operation<'credentialsOffered'> = (row, { token, next, connectionRequest }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  // What a device was only offered is not its own yet: the offer may never arrive.
  const { username = '', password = '' } = known.credentials ?? {};
  const credentials: Credentials = { username, password, next };
  const access = { ...known.connectionRequest, ...connectionRequest };
  return changed({ ...known, credentials, connectionRequest: access }, 'ok');
};

/** The task's CommandKey, if it has one that could name it later. */
const keyOf = (task: Task): string | undefined => {
  const key = task.args.CommandKey;
  return typeof key === 'string' && key !== '' ? key : undefined;
};

const taskAdded: Operation<'taskAdded'> = (row, { task }, id) => {
  const known = existing(row, id);
  const { tasks, ended } = withoutExpired(known.tasks, task.created);
  if (tasks.length >= MAX_OPEN_TASKS)
    throw new UserError(429, 'too-many-tasks', `device ${id} has ${tasks.length} open tasks already`);
  if (tasks.some(open => open.id === task.id)) throw new UserError(409, 'task-exists', `task ${task.id} exists`);
  const key = keyOf(task);
  if (key !== undefined && tasks.some(open => keyOf(open) === key))
    throw new UserError(409, 'command-key-open', `a task with CommandKey "${key}" is open on device ${id}`);
  if (Buffer.byteLength(JSON.stringify(task.args)) > MAX_TASK_BYTES)
    throw new UserError(413, 'task-too-large', `the arguments of a task take at most ${MAX_TASK_BYTES} bytes`);
  const added: Task = { ...task, device: id, state: 'queued' };
  return changed({ ...known, tasks: [...tasks, added] }, added, ended);
};

const replaced = (row: DeviceRow, task: Task): DeviceRow => ({
  ...row,
  tasks: row.tasks.map(open => (open.id === task.id ? task : open)),
});

function without(row: DeviceRow, task: Task): DeviceRow {
  const tasks = row.tasks.filter(open => open.id !== task.id);
  const next: DeviceRow = { ...row, tasks, applied: withApplied(row.applied, [task]) };
  if (next.rollout) next.rollout = afterTask(next, next.rollout, task);
  return next;
}

const taskSent: Operation<'taskSent'> = (row, { token, id: taskId, now }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  const task = known.tasks.find(open => open.id === taskId);
  if (!task) return unchanged(row, 'gone');
  // Sent before: never a second time, unless this is the same message come twice.
  if (task.state !== 'queued') return unchanged(row, task.sentBy === token ? task : 'gone');
  // What a rollout wanted when the task was made it may have taken back since.
  if (task.rollout !== undefined && !mayBegin(known.rollout, task.rollout, now)) return unchanged(row, 'gone');
  const sent: Task = { ...task, state: 'sent', started: now, sentBy: token, silentSessions: 0 };
  const next = replaced(known, sent);
  if (task.rollout !== undefined && next.rollout) next.rollout = begin(next.rollout, task.id, now);
  return changed(next, sent);
};

const taskSettled: Operation<'taskSettled'> = (row, { token, id: taskId, outcome, now }, id) => {
  const known = existing(row, id);
  if (token !== undefined && isStale(known, token)) return unchanged(row, 'stale');
  const task = known.tasks.find(open => open.id === taskId);
  if (!task) return unchanged(row, 'gone');
  const settled = withOutcome(task, outcome, now);
  const isOver = settled.ended !== undefined;
  const next = isOver ? suspected(without(known, settled), settled) : replaced(known, settled);
  return changed(next, { task: settled, row: next }, isOver ? [settled] : []);
};

function withOutcome(task: Task, outcome: Outcome, now: number): Task {
  const { started, sentBy: _by, silentSessions: _silent, ...queued } = task;
  if (outcome.state === 'queued') return { ...queued, state: 'queued' };
  const next: Task = { ...task, state: outcome.state, started: started ?? now };
  if (outcome.result) next.result = outcome.result;
  if (outcome.fault) next.fault = outcome.fault;
  if (outcome.state !== 'waiting') next.ended = now;
  return next;
}

const taskCancelled: Operation<'taskCancelled'> = (row, { id: taskId, now }, id) => {
  const known = existing(row, id);
  const task = known.tasks.find(open => open.id === taskId);
  if (!task) return unchanged(row, 'gone');
  // What the device has in hand cannot be called back; what it promised to do later can be waited for no longer.
  if (task.state === 'sent') return unchanged(row, 'sent');
  const cancelled: Task = { ...task, state: 'cancelled', ended: now };
  return changed(without(known, cancelled), cancelled, [cancelled]);
};

/** TR-069 A.3.3.2: FaultCode 0 is success. The CPE repeats it until it is answered, so the second time finds nothing. */
const transferCompleted: Operation<'transferCompleted'> = (row, args, id) => {
  const known = existing(row, id);
  const task = known.tasks.find(open => isTransfer(open) && isSent(open) && open.args.CommandKey === args.commandKey);
  if (!task) return unchanged(row, undefined);
  const failed = args.fault.code !== 0;
  const settled: Task = {
    ...task,
    state: failed ? 'failed' : 'done',
    result: { ...task.result, StartTime: args.startTime, CompleteTime: args.completeTime },
    ended: args.now,
  };
  if (failed) settled.fault = { code: args.fault.code, message: args.fault.message };
  return changed(suspected(without(known, settled), settled), settled, [settled]);
};

const reconciled: Operation<'reconciled'> = (row, args, id) => {
  const { token, parameterKey, cleared = [], now, ...held } = args;
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  const next: DeviceRow = {
    ...known,
    reconciled: held,
    // What is wanted holds: but a preset that was set aside is not wanted until its time, and its fault stays.
    faults: known.faults.filter(
      ({ cause, retryAt }) =>
        cause.startsWith('task:') || ((retryAt > now || isStanding(cause)) && !cleared.includes(cause)),
    ),
  };
  if (parameterKey !== undefined) next.parameterKey = parameterKey;
  return changed(next, 'ok');
};

/** Drift is not tried again by time: it stands until it is gone. */
const isStanding = (cause: string): boolean => /^(drift:|fight:|move$)/.test(cause);

const restartNoted: Operation<'restartNoted'> = (row, { token, restart }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  return changed(restart ? { ...known, restart } : restarted(known), 'ok');
};

const addingNoted: Operation<'addingNoted'> = (row, { token, adding }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  if (adding) return changed({ ...known, adding }, 'ok');
  const { adding: _done, ...rest } = known;
  return changed(rest, 'ok');
};

const moveNoted: Operation<'moveNoted'> = (row, { token, move }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  if (move) return changed({ ...known, move }, 'ok');
  const { move: _gone, ...rest } = known;
  return changed({ ...rest, faults: rest.faults.filter(({ cause }) => cause !== 'move') }, 'ok');
};

const moveConfirmed: Operation<'moveConfirmed'> = (row, _args, id) => {
  const known = existing(row, id);
  if (known.move?.state === 'confirmed') return unchanged(row, 'ok');
  if (known.move?.state !== 'moving') return unchanged(row, 'none');
  return changed({ ...known, move: { ...known.move, state: 'confirmed' } }, 'ok');
};

const drifted: Operation<'drifted'> = (row, { token, drift }, id) => {
  const known = existing(row, id);
  if (isStale(known, token)) return unchanged(row, 'stale');
  return changed({ ...known, drift: drift.slice(-MAX_DRIFT) }, 'ok');
};

/** The same for the same device and cause, so that a link to a fault stays good. */
const faultId = (device: string, cause: string): string =>
  createHash('sha256').update(`${device}\0${cause}`).digest('hex').slice(0, 20);

const faultRaised: Operation<'faultRaised'> = (row, args, id) => {
  const known = existing(row, id);
  const before = known.faults.find(fault => fault.cause === args.cause);
  const fault: DeviceFault = {
    id: faultId(id, args.cause),
    device: id,
    cause: args.cause,
    code: args.code,
    message: args.message,
    first: before?.first ?? args.now,
    last: args.now,
    count: (before?.count ?? 0) + 1,
    retryAt: args.retryAt,
  };
  if (args.parameter !== undefined) fault.parameter = args.parameter;
  if (args.basis !== undefined) fault.basis = args.basis;
  if (args.file !== undefined) fault.file = args.file;
  const others = known.faults.filter(other => other.cause !== args.cause);
  return changed({ ...known, faults: [...others, fault].slice(-MAX_FAULTS) }, fault);
};

const faultCleared: Operation<'faultCleared'> = (row, { cause, id: fault }, id) => {
  const known = existing(row, id);
  const isMeant = (open: DeviceFault): boolean => open.cause === cause || open.id === fault;
  const cleared = known.faults.filter(isMeant);
  if (cleared.length === 0) return unchanged(row, false);
  const untaken = new Set(cleared.flatMap(({ file }) => (file === undefined ? [] : [file])));
  const next: DeviceRow = {
    ...known,
    faults: known.faults.filter(open => !isMeant(open)),
    applied: Object.fromEntries(Object.entries(known.applied).filter(([name]) => !untaken.has(name))),
  };
  const causes = new Set(cleared.map(open => open.cause).filter(isStanding));
  if (causes.size === 0) return changed(next, true);
  // What was left is left no longer, and looked after in the next session.
  const gone = ({ state, preset, path }: Drift): boolean =>
    causes.has(state === 'fight' ? `fight:${path}` : `drift:${preset}`);
  if (known.drift) next.drift = known.drift.filter(entry => !gone(entry));
  if (causes.has('move')) delete next.move;
  if (known.reconciled) next.reconciled = { ...known.reconciled, suspect: 'standing' };
  return changed(next, true);
};

const rolloutAssigned: Operation<'rolloutAssigned'> = (row, args) => {
  if (!row) return unchanged(row, 'gone');
  if (row.rollout?.id === args.id) return unchanged(row, row.rollout);
  const position = assign(row, args);
  return position === 'elsewhere' ? unchanged(row, position) : changed({ ...row, rollout: position }, position);
};

/** A change of the position that a rollout has in the row; without one, or where there is nothing to change, it is `stale`. */
const positioned =
  <N extends 'rolloutOffered' | 'rolloutJudged' | 'rolloutRolledBack'>(
    change: (position: RolloutPosition, args: DeviceOperations[N]['args'], row: DeviceRow) => RolloutPosition,
  ): ((row: DeviceRow | undefined, args: DeviceOperations[N]['args']) => Change<RolloutPosition | 'stale'>) =>
  (row, args) => {
    if (row?.rollout?.id !== args.id) return unchanged(row, 'stale');
    const position = change(row.rollout, args, row);
    return position === row.rollout ? unchanged(row, 'stale') : changed({ ...row, rollout: position }, position);
  };

const rolloutOffered = positioned<'rolloutOffered'>((position, args, row) =>
  offer(position, precheck(row, position), row, args),
);
const rolloutJudged = positioned<'rolloutJudged'>(verdict);
const rolloutRolledBack = positioned<'rolloutRolledBack'>((position, args, row) => turn(position, args, row));

const rolloutReleased: Operation<'rolloutReleased'> = (row, { id, forget = false }) => {
  if (row?.rollout?.id !== id) return unchanged(row, false);
  const { rollout, ...rest } = row;
  const left = release(rollout, forget);
  if (left === rollout) return unchanged(row, false);
  return changed(left ? { ...rest, rollout: left } : rest, true);
};

const removed: Operation<'removed'> = (row, { now }) => {
  if (!row) return unchanged(row, false);
  const fault: TaskFault = { code: 'device-removed', message: 'the device was removed' };
  const ended = row.tasks.map(
    (task): Task => ({ ...task, state: 'cancelled', fault, ended: now ?? task.started ?? task.created }),
  );
  return { row: undefined, result: true, ended };
};

const operations: { [N in DeviceOperation]: Operation<N> } = {
  informed,
  released,
  missed,
  intervalLearned,
  announced,
  patched,
  approved,
  credentialsOffered,
  taskAdded,
  taskSent,
  taskSettled,
  taskCancelled,
  transferCompleted,
  reconciled,
  restartNoted,
  addingNoted,
  moveNoted,
  moveConfirmed,
  drifted,
  faultRaised,
  faultCleared,
  rolloutAssigned,
  rolloutOffered,
  rolloutJudged,
  rolloutRolledBack,
  rolloutReleased,
  removed,
};
