// The answers of the API: times as dateTime, secrets masked.
import type { Drift, Move, RestartDue } from '../../device/desired-state.ts';
import type { Override } from '../../device/override.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { Sighting } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import { shownText } from '../../fleet/common/secrets.ts';
import type { TracedDevice } from '../../fleet/common/traced-session.ts';
import type { UnknownCpe } from '../../fleet/common/unknown-cpe.ts';
import type { DeviceView } from '../../fleet/devices/device-view.ts';
import type { StoredFile } from '../../fleet/files/stored-file.ts';
import type { ChangeKind } from '../../fleet/preflight/change-kinds.ts';
import type { DryRun } from '../../fleet/preflight/dry-run.ts';
import type { ExplainedWanted } from '../../fleet/presets/explain.ts';
import { mapPreset, type Preset, pathOf, type WantedObjects } from '../../fleet/presets/preset.ts';
import { secrecyOf } from '../../fleet/presets/sealed-preset.ts';
import { withTexts } from '../../fleet/tasks/task-texts.ts';
import type { AuditEntry } from '../../store/records.ts';
import { maskIf } from '../secret-mask.ts';
import { faultView } from './faults.ts';
import { limitedReason, limitedRecord, limitedTaskFault, limitedValues, type Shown } from './limited.ts';
import { iso } from './times.ts';

type View = Record<string, unknown>;

export const isoMaybe = (name: string, time: number | undefined): View =>
  time === undefined ? {} : { [name]: iso(time) };

/** The view, or the part of it that is there. */
export function deviceView(view: Partial<DeviceView>, { secrets, caller }: Shown): View {
  const shown = (name: string, text: string): string => shownText(secrets, name, text);
  const { connectionRequestUrl: url, hold, site, overrides, faults, drift, restart, move, rollout } = view;
  return {
    ...view,
    ...(url === undefined ? {} : { connectionRequestUrl: shown('ConnectionRequestURL', url) }),
    ...(hold?.sightings ? { hold: { ...hold, sightings: hold.sightings.map(each => sightingView(each, shown)) } } : {}),
    ...(site ? { site: mapped(site, shown) } : {}),
    ...(overrides
      ? {
          overrides: mapped(limitedRecord(overrides, caller), (path, override) => overrideView(path, override, shown)),
        }
      : {}),
    ...(faults ? { faults: faults.map(fault => faultView(fault, caller)) } : {}),
    ...(drift ? { drift: drift.filter(({ path }) => caller.mayRead(path)).map(driftView) } : {}),
    ...(restart ? { restart: restartView(restart) } : {}),
    ...(move ? { move: moveView(move) } : {}),
    ...(rollout?.reason === undefined
      ? {}
      : { rollout: { ...rollout, reason: limitedReason(rollout.reason, caller) } }),
  };
}

const mapped = <T, R>(record: Readonly<Record<string, T>>, make: (name: string, value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, make(name, value)]));

function overrideView(
  path: string,
  { notBefore, earlier, ...wanted }: Override,
  shown: (name: string, text: string) => string,
): View {
  return {
    ...wanted,
    value: shown(path, wanted.value),
    ...isoMaybe('notBefore', notBefore),
    ...(earlier ? { earlier: { ...earlier, value: shown(path, earlier.value) } } : {}),
  };
}

const sightingView = (
  { time, connectionRequestUrl: url, ...sighting }: Sighting,
  shown: (name: string, text: string) => string,
): View => ({ time: iso(time), ...sighting, connectionRequestUrl: shown('ConnectionRequestURL', url) });

export const traceView = (device: string, { on, until, sessions }: TracedDevice): View => ({
  device,
  on,
  ...isoMaybe('until', until),
  sessions: sessions.map(({ started, ended, claim: _claim, messages, ...rest }) => ({
    started: iso(started),
    ...isoMaybe('ended', ended),
    ...rest,
    messages: messages.map(({ time, ...message }) => ({ time: iso(time), ...message })),
  })),
});

/** The answer to a dry run of a deletion. */
export const removalView = ({ id, state, liveness, lastInform, openTasks, rollout }: DeviceView): View => ({
  dryRun: true,
  ...{ id, state, liveness, lastInform, openTasks },
  rollout: rollout?.id ?? null,
});

export function taskView(task: Task, { secrets, caller }: Shown): View {
  const shown = (name: string, text: string): string => shownText(secrets, name, text);
  return {
    id: task.id,
    device: task.device,
    method: task.method,
    args: withTexts(limitedValues(task.args, caller), shown),
    state: task.state,
    ...(task.attempts ? { attempts: task.attempts } : {}),
    ...(task.lastError && caller.readsAll ? { lastError: task.lastError } : {}),
    origin: task.origin,
    ...(task.file ? { file: task.file } : {}),
    ...(task.diagnostic ? { diagnostic: task.diagnostic.kind } : {}),
    ...(task.job === undefined ? {} : { job: task.job }),
    ...(task.handle === undefined ? {} : { handle: task.handle }),
    ...(task.result ? { result: withTexts(limitedValues(task.result, caller), shown) } : {}),
    ...(task.fault ? { fault: limitedTaskFault(task.fault, caller) } : {}),
    created: iso(task.created),
    ...isoMaybe('notBefore', task.notBefore),
    ...isoMaybe('expires', task.expires),
    ...isoMaybe('started', task.started),
    ...isoMaybe('ended', task.ended),
  };
}

/** The explained merge; secrets are masked in lost values too. */
export function wantedView(wanted: ExplainedWanted, { secrets, caller }: Shown): View {
  const shown = (path: string, isSecret: boolean, text: string): string =>
    maskIf(isSecret, shownText(secrets, path, text));
  return {
    ...wanted,
    set: readable(wanted.set, caller).map(({ secret, ...entry }) => ({
      ...entry,
      value: shown(entry.path, secret, entry.value),
      known: entry.known === null ? null : shown(entry.path, secret, entry.known),
      lost: entry.lost.map(({ value = '', secret: hidden = false, ...lost }) => ({
        ...lost,
        value: shown(entry.path, hidden, value),
      })),
    })),
    objects: wanted.objects
      .map(entry => readableTable(entry, caller))
      .map(({ secrets: hidden, wanted: { rows, ...table }, ...entry }) => ({
        ...entry,
        ...table,
        rows: rows.map(row =>
          Object.fromEntries(
            Object.entries(row).map(([column, value]) => [
              column,
              shown(column, hidden.includes(column), String(value)),
            ]),
          ),
        ),
      })),
    restart: { ...wanted.restart, pending: wanted.restart.pending ? restartView(wanted.restart.pending) : null },
    drift: readable(wanted.drift, caller).map(driftView),
    auditAt: wanted.auditAt === null ? null : iso(wanted.auditAt),
    presets: wanted.presets.map(({ blockedBy, refused, ...preset }) => ({
      ...preset,
      ...(refused !== undefined && caller.readsAll ? { refused } : {}),
      ...(blockedBy ? { blockedBy: faultView(blockedBy, caller) } : {}),
    })),
  };
}

const readable = <T extends { path: string }>(entries: readonly T[], { mayRead }: Shown['caller']): T[] =>
  entries.filter(({ path }) => mayRead(path));

/** The table with the columns that may be read. */
function readableTable<T extends { table: string; wanted: WantedObjects }>(entry: T, caller: Shown['caller']): T {
  if (caller.readsAll) return entry;
  return { ...entry, wanted: readableRows(entry.table, entry.wanted, caller) };
}

const readableRows = (table: string, wanted: WantedObjects, { mayRead }: Shown['caller']): WantedObjects => ({
  ...wanted,
  keys: wanted.keys.filter(column => mayRead(`${table}*.${column}`)),
  rows: wanted.rows.map(row =>
    Object.fromEntries(Object.entries(row).filter(([column]) => mayRead(`${table}*.${column}`))),
  ),
});

const moveView = ({ basis: _basis, since, until, heard, ...move }: Move): View => ({
  ...move,
  since: iso(since),
  until: iso(until),
  ...isoMaybe('heard', heard),
});

const restartView = ({ since, asked, ...due }: RestartDue): View => ({
  ...due,
  since: iso(since),
  ...isoMaybe('asked', asked),
});

/** Found and wanted values contain no secrets. */
export const driftView = ({ basis: _basis, corrections, since, last, ...drift }: Drift): View => ({
  ...drift,
  since: iso(since),
  last: iso(last),
  corrections: corrections.map(iso),
});

export const auditView = (entry: AuditEntry): View => ({ ...entry, time: iso(entry.time) });
export const fileView = ({ content: _place, sealed: _sum, ...file }: StoredFile): View => ({
  ...file,
  time: iso(file.time),
});
export const unknownCpeView = ({ identity: _identity, reason = 'missing', ...cpe }: UnknownCpe): View => ({
  ...cpe,
  reason,
  first: iso(cpe.first),
  last: iso(cpe.last),
});
export const parameterView = (known: KnownValue, { secrets }: Shown): View => ({
  ...known,
  value: shownText(secrets, known.path, known.value),
  time: iso(known.time),
});

export const dryRunView = ({ kinds, ...run }: DryRun, { secrets }: Shown): View => ({
  ...run,
  ...(kinds ? { kinds: kinds.map(kind => kindView(kind, secrets)) } : {}),
  devices: run.devices.map(device => ({
    ...device,
    set: device.set.map(({ path, known, wanted, secret }) => ({
      path,
      known: known === null ? null : maskIf(secret, shownText(secrets, path, known)),
      wanted: maskIf(secret, shownText(secrets, path, wanted)),
    })),
  })),
});

const kindView = ({ set, ...kind }: ChangeKind, secrets: Shown['secrets']): View => ({
  ...kind,
  set: set.map(({ path, known, wanted, secret }) => ({
    path,
    ...(known === undefined ? {} : { known: known === null ? null : maskIf(secret, shownText(secrets, path, known)) }),
    ...(wanted === undefined ? {} : { wanted: maskIf(secret, shownText(secrets, path, wanted)) }),
  })),
});

export const presetView = (name: string, preset: Preset, { secrets, caller }: Shown): View => ({
  name,
  ...mapPreset(readablePreset(preset, caller), (path, text, table) =>
    shownText(secrets, pathOf(path, table), text, secrecyOf(secrets.names, text)),
  ),
});

/** The preset without values of parameters out of the rights. */
function readablePreset(preset: Preset, caller: Shown['caller']): Preset {
  if (caller.readsAll) return preset;
  const { set, objects } = preset;
  return {
    ...preset,
    ...(set ? { set: limitedRecord(set, caller) } : {}),
    ...(objects
      ? {
          objects: Object.fromEntries(
            Object.entries(objects).map(([table, wanted]) => [table, readableRows(table, wanted, caller)]),
          ),
        }
      : {}),
  };
}
