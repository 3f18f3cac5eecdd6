// Configuration Manager: scripts that arrive by Download or that the unit fetches by itself, and exports for Upload.
import { createHash } from 'node:crypto';
import type { Timer } from '../../shared/clock.ts';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { messageOf } from '../../shared/errors.ts';
import { exportPaths, exportScript } from '../script/export.ts';
import { runScript } from '../script/run.ts';
import type { InstallOutcome } from '../state/device.ts';
import { configuredScripts, fetchOwn, scriptSchedule } from './autonomous-scripts.ts';
import { backUp, exportToUrl, isExport, isScript, ownTransfer, restore } from './configuration/own-transfers.ts';
import { nextTransfer, readRange } from './configuration/schedule.ts';
import { openScript, seal } from './configuration/sealing.ts';
import { type Applied, localOf, peekSlot, type Service, showTime, slotOf, type Unit, X } from './service.ts';

interface ConfState {
  running: boolean;
  /** Until the next periodic transfer. */
  timer?: Timer | undefined;
}

const state = (unit: Unit): ConfState => slotOf(unit, conf, () => ({ running: false }));

/**
 * Runs a script that was downloaded.
 * @param origin why the unit fetched it by itself; such a script may not run twice in a row
 * @throws CwmpFault 9018 when it cannot be read: nothing ran, the file is useless. 9010 when lines failed: the
 *   file was valid and the rest of it has run, so the transfer as a whole has failed (TR-069 A.5.1 has no code nearer).
 */
export async function installScript(unit: Unit, file: Buffer, origin?: string): Promise<InstallOutcome> {
  const bytes = await opened(unit, file, origin);
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (origin !== undefined && unit.state.unitFacts.scripts?.[origin] === digest && !mayRepeat(unit, origin)) {
    unit.log.info('unchanged script skipped', { origin });
    unit.notify('scriptUnchanged', { origin });
    return { status: 'unchanged' };
  }
  state(unit).running = true;
  try {
    const outcome = await runScript(unit, bytes);
    const failed = !outcome.ran || outcome.failures.length > 0;
    await unit.state.remember(facts => {
      facts.script = { result: failed ? 'ExecutionFailed' : 'Success', at: showTime(unit.now()) };
      if (origin !== undefined && outcome.ran) facts.scripts = { ...facts.scripts, [origin]: digest };
    });
    if (!outcome.ran) {
      const [first] = outcome.problems;
      const reason = `line ${first?.line}, column ${first?.column}: ${first?.message}`;
      unit.notify('scriptFailed', { reason });
      throw new CwmpFault(9018, `${reason}; nothing was run`);
    }
    const [first] = outcome.failures;
    if (first) {
      const lines = outcome.failures.length === 1 ? '1 line' : `${outcome.failures.length} lines`;
      const reason = `${lines} of ${outcome.statements} failed; first line ${first.line}: ${first.message}`;
      unit.notify('scriptFailed', { reason });
      throw new CwmpFault(9010, reason);
    }
    unit.notify('scriptExecuted', { statements: outcome.statements });
    return { status: 'applied' };
  } finally {
    state(unit).running = false;
  }
}

/** @throws CwmpFault 9018 for a script that cannot be decrypted, or with a wrong checksum */
async function opened(unit: Unit, file: Buffer, origin: string | undefined): Promise<Buffer> {
  try {
    return await openScript(unit, file, origin !== undefined);
  } catch (error) {
    await unit.state.remember(facts => {
      facts.script = { result: 'ExecutionFailed', at: showTime(unit.now()) };
    });
    unit.notify('scriptFailed', { reason: messageOf(error) });
    throw error;
  }
}

/** A script that DHCP names never runs twice in a row; for a configured one Conf.ScriptsAllowRepeatedExecution says. */
const mayRepeat = (unit: Unit, origin: string): boolean =>
  !/^\d+$/.test(origin) && unit.config.variable('Conf.ScriptsAllowRepeatedExecution') === 'Enable';

/** Sets the timer of the periodic transfers as the settings are now; an idle unit without them keeps nothing. */
function arm(unit: Unit, isFirst = true): void {
  peekSlot<ConfState>(unit, conf)?.timer?.cancel();
  const schedule = scriptSchedule(unit);
  const now = unit.now();
  // A time of day needs a clock: clockSet comes back here.
  if (!schedule || (schedule.range && now === undefined)) return;
  const at = nextTransfer(schedule, now ?? 0, isFirst, unit.random);
  state(unit).timer = unit.clock.after(at - (now ?? 0), () => {
    arm(unit, false);
    fetchConfigured(unit).catch((error: unknown) => unit.log.error('script fetch failed', { error }));
  });
}

/** Fetches the scripts that the settings name, and runs those that are new. */
export const fetchConfigured = (unit: Unit): Promise<void> => fetchOwn(unit, configuredScripts(unit));

/** @param modified true when a value or the rows of a table differ from the factory defaults */
export async function exportConfiguration(
  unit: Unit,
  overrides: ReadonlyMap<string, string>,
  modified: (path: string) => boolean,
): Promise<Buffer> {
  if (unit.model.services.length === 0) return Buffer.from(exportPaths(overrides));
  const text = exportScript(unit.config.tree, {
    content: unit.config.variable('Conf.ScriptExportContent') === 'AllConfig' ? 'AllConfig' : 'ModifiedConfig',
    service: unit.config.variable('Conf.ScriptExportServiceName') ?? 'All',
    modified,
  });
  // One that the unit sends by itself is done when the server has it.
  if (!ownTransfer(unit, isExport))
    await unit.state.remember(facts => {
      facts.exported = { result: 'Success', at: showTime(unit.now()) };
    });
  const secret = unit.config.variable('Conf.ScriptExportSecretKey') ?? '';
  return secret === '' ? Buffer.from(text) : seal(Buffer.from(text), secret, unit.random);
}

export const conf: Service = {
  name: 'Conf',
  values: {
    [`${X}Conf.ScriptsStatsCurrentTransferState`]: unit =>
      peekSlot<ConfState>(unit, conf)?.running ? 'Running' : ownTransfer(unit, isScript) ? 'Transfering' : 'Idle',
    [`${X}Conf.ScriptsStatsLastTransferResult`]: unit => unit.state.unitFacts.script?.result ?? 'None',
    [`${X}Conf.ScriptsStatsLastTransferDateTime`]: unit => localOf(unit, unit.state.unitFacts.script?.at),
    [`${X}Conf.ScriptsStatsCurrentExportState`]: unit => (ownTransfer(unit, isExport) ? 'Transfering' : 'Idle'),
    [`${X}Conf.ScriptsStatsLastExportResult`]: unit => unit.state.unitFacts.exported?.result ?? 'None',
    [`${X}Conf.ScriptsStatsLastExportDateTime`]: unit => localOf(unit, unit.state.unitFacts.exported?.at),
    [`${X}Conf.ImageBackupStatus`]: unit => unit.state.unitFacts.imageBackup?.result ?? 'None',
    [`${X}Conf.ImageRestoreStatus`]: unit => unit.state.unitFacts.imageRestore?.result ?? 'None',
  },
  start: unit => arm(unit),
  clockSet: unit => arm(unit),
  check(_unit, draft, problem) {
    for (const [path, value] of draft.touched) {
      if (!path.endsWith('_Conf.ScriptsTransferTimeRange') || value === '' || readRange(value)) continue;
      problem(path, 9007, 'a time range is hh[:mm[:ss]] or two of these with - between');
    }
  },
  stop(unit) {
    peekSlot<ConfState>(unit, conf)?.timer?.cancel();
  },
  apply(unit: Unit, { changes }: Applied) {
    if (
      changes.some(({ path }) => /Conf\.ScriptsTransfer(Periodic|Interval|Time)|Hoc\.StaticTimeZone/.test(path)) &&
      unit.services.started('Conf')
    )
      arm(unit);
  },
  commands: {
    'conf.configuredscriptstransferandrun': fetchConfigured,
    // The vendor's names of the commands for images and exports are not public.
    'conf.backupimage': backUp,
    'conf.restoreimage': restore,
    'conf.exportscript': exportToUrl,
    // Without hardware nothing ever waits for a reboot.
    'conf.rebootifneeded': async () => undefined,
  },
};
