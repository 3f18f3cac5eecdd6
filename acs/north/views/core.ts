// The answers of the API: times as dateTime, secrets masked.
import type { Drift, Move, RestartDue } from '../../device/desired-state.ts';
import type { DeviceFault } from '../../device/fault.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { Task } from '../../device/task.ts';
import { type Secrets, shownText } from '../../fleet/common/secrets.ts';
import type { UnknownCpe } from '../../fleet/common/unknown-cpe.ts';
import type { DeviceView } from '../../fleet/devices/device-view.ts';
import type { StoredFile } from '../../fleet/files/stored-file.ts';
import { hintFor } from '../../fleet/monitoring/fault-hints.ts';
import type { DryRun } from '../../fleet/preflight/dry-run.ts';
import type { ExplainedWanted } from '../../fleet/presets/explain.ts';
import { mapPreset, type Preset, pathOf } from '../../fleet/presets/preset.ts';
import { secrecyOf } from '../../fleet/presets/sealed-preset.ts';
import { withTexts } from '../../fleet/tasks/task-texts.ts';
import type { Traces } from '../../fleet/tracing/traces.ts';
import type { AuditEntry } from '../../store/records.ts';
import { maskIf } from '../secret-mask.ts';

type View = Record<string, unknown>;

const iso = (time: number): string => new Date(time).toISOString();
const isoMaybe = (name: string, time: number | undefined): View => (time === undefined ? {} : { [name]: iso(time) });

export function deviceView(view: DeviceView, secrets: Secrets): View {
  const shown = (name: string, text: string): string => shownText(secrets, name, text);
  const overrides = Object.entries(view.overrides).map(([path, wanted]) => [
    path,
    { ...wanted, value: shown(path, wanted.value) },
  ]);
  const site = Object.entries(view.site).map(([name, text]) => [name, shown(name, text)]);
  return {
    ...view,
    connectionRequestUrl: shown('ConnectionRequestURL', view.connectionRequestUrl),
    site: Object.fromEntries(site),
    overrides: Object.fromEntries(overrides),
    faults: view.faults.map(faultView),
    drift: view.drift.map(driftView),
    restart: view.restart ? restartView(view.restart) : null,
    move: view.move ? moveView(view.move) : null,
  };
}

export const traceView = (device: string, { on, sessions }: ReturnType<Traces['of']>): View => ({
  device,
  on,
  sessions: sessions.map(({ started, ended, messages, ...rest }) => ({
    started: iso(started),
    ...isoMaybe('ended', ended),
    ...rest,
    messages: messages.map(({ time, ...message }) => ({ time: iso(time), ...message })),
  })),
});

export function taskView(task: Task, secrets: Secrets): View {
  const shown = (name: string, text: string): string => shownText(secrets, name, text);
  return {
    id: task.id,
    device: task.device,
    method: task.method,
    args: withTexts(task.args, shown),
    state: task.state,
    ...(task.attempts ? { attempts: task.attempts } : {}),
    ...(task.lastError ? { lastError: task.lastError } : {}),
    origin: task.origin,
    ...(task.file ? { file: task.file } : {}),
    ...(task.result ? { result: withTexts(task.result, shown) } : {}),
    ...(task.fault ? { fault: task.fault } : {}),
    created: iso(task.created),
    ...isoMaybe('expires', task.expires),
    ...isoMaybe('started', task.started),
    ...isoMaybe('ended', task.ended),
  };
}

export const faultView = ({ basis: _basis, ...fault }: DeviceFault): View => ({
  ...fault,
  hint: hintFor(fault),
  first: iso(fault.first),
  last: iso(fault.last),
  retryAt: iso(fault.retryAt),
});

/** The explained merge; secrets are masked in lost values too. */
export function wantedView(wanted: ExplainedWanted, secrets: Secrets): View {
  const shown = (path: string, isSecret: boolean, text: string): string =>
    maskIf(isSecret, shownText(secrets, path, text));
  return {
    ...wanted,
    set: wanted.set.map(({ secret, ...entry }) => ({
      ...entry,
      value: shown(entry.path, secret, entry.value),
      known: entry.known === null ? null : shown(entry.path, secret, entry.known),
      lost: entry.lost.map(({ value = '', secret: hidden = false, ...lost }) => ({
        ...lost,
        value: shown(entry.path, hidden, value),
      })),
    })),
    objects: wanted.objects.map(({ secrets: hidden, wanted: { rows, ...table }, ...entry }) => ({
      ...entry,
      ...table,
      rows: rows.map(row =>
        Object.fromEntries(
          Object.entries(row).map(([column, value]) => [column, shown(column, hidden.includes(column), String(value))]),
        ),
      ),
    })),
    restart: { ...wanted.restart, pending: wanted.restart.pending ? restartView(wanted.restart.pending) : null },
    drift: wanted.drift.map(driftView),
    auditAt: wanted.auditAt === null ? null : iso(wanted.auditAt),
    presets: wanted.presets.map(({ blockedBy, ...preset }) => ({
      ...preset,
      ...(blockedBy ? { blockedBy: faultView(blockedBy) } : {}),
    })),
  };
}

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
export const unknownCpeView = ({ identity: _identity, ...cpe }: UnknownCpe): View => ({
  ...cpe,
  first: iso(cpe.first),
  last: iso(cpe.last),
});
export const parameterView = (known: KnownValue, secrets: Secrets): View => ({
  ...known,
  value: shownText(secrets, known.path, known.value),
  time: iso(known.time),
});

export const dryRunView = (run: DryRun, secrets: Secrets): View => ({
  ...run,
  devices: run.devices.map(device => ({
    ...device,
    set: device.set.map(({ path, known, wanted, secret }) => ({
      path,
      known: known === null ? null : maskIf(secret, shownText(secrets, path, known)),
      wanted: maskIf(secret, shownText(secrets, path, wanted)),
    })),
  })),
});

export const presetView = (name: string, preset: Preset, secrets: Secrets): View => ({
  name,
  ...mapPreset(preset, (path, text, table) =>
    shownText(secrets, pathOf(path, table), text, secrecyOf(secrets.names, text)),
  ),
});
