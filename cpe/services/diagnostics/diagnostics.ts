// The diagnostics of a unit: one that the ACS requests begins after its session, and its end is reported by 8 DIAGNOSTICS COMPLETE
// (TR-069 3.7.1.5). Results live until the next restart; a unit without any keeps nothing for them.
import { isAbort } from '../../../shared/errors.ts';
import type { Source } from '../../state/changes.ts';
import { cell, peekSlot, type ReadValue, type Service, slotOf, type Unit } from '../service.ts';
import { ping, traceroute } from './echo.ts';
import { lookup } from './lookup.ts';
import { type DiagnosticObject, diagnosticObjects, type ProbeName, STATE } from './objects.ts';
import type { Probe, ProbeEnd } from './probe.ts';
import { download, upload } from './transfer.ts';

const EVENT = '8 DIAGNOSTICS COMPLETE';

const probes: Readonly<Record<ProbeName, Probe>> = {
  ...{ ping, traceroute, download, upload, lookup },
  // The simulated units have no radio, so that a model with one hears no network.
  scan: async () => ({ states: ['Completed', 'Complete'] }),
};

/** A run, by the path of its object below the root. */
interface Run {
  state: string;
  end?: ProbeEnd;
  stop: AbortController;
}

type Runs = Map<string, Run>;

const runOf = (unit: Unit, path: string): Run | undefined => peekSlot<Runs>(unit, diagnostics)?.get(path);

/** Ends a run, and forgets its results. */
function forget(unit: Unit, path: string): void {
  const runs = peekSlot<Runs>(unit, diagnostics);
  runs?.get(path)?.stop.abort();
  runs?.delete(path);
}

/** @returns the first of the states that the unit's model has */
function stateIn(unit: Unit, path: string, states: readonly string[]): string {
  const known = unit.model.parameters.get(unit.model.root + path + STATE)?.enumeration?.map(({ label }) => label);
  return states.find(state => known?.includes(state) ?? true) ?? known?.at(-1) ?? states[0] ?? '';
}

async function carryOut(unit: Unit, { path, probe }: DiagnosticObject, run: Run, source: Source): Promise<void> {
  const { signal } = run.stop;
  try {
    if (source === 'acs') await sessionEnd(unit, signal);
    const { root } = unit.model;
    const setting = (name: string): string => cell(unit.config.tree, root + path + name);
    const end = await probes[probe]({ unit, setting, signal });
    run.end = end;
    run.state = stateIn(unit, path, end.states);
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    unit.log.error('diagnostic failed', { diagnostic: path, error });
    run.state = stateIn(unit, path, ['Error_Internal', 'Error_Other']);
  }
  unit.log.info('diagnostic ended', { diagnostic: path, state: run.state });
  if (source === 'acs') unit.power.agent?.inform(EVENT);
}

/** TR-181 IPPing.DiagnosticsState: a diagnostic begins once the session with the ACS is over. */
function sessionEnd(unit: Unit, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const agent = unit.power.agent;
    if (!agent) return resolve();
    const end = agent.sessions.onEnd(() => {
      end();
      resolve();
    });
    signal.addEventListener(
      'abort',
      () => {
        end();
        reject(signal.reason);
      },
      { once: true },
    );
  });
}

function begin(unit: Unit, object: DiagnosticObject, source: Source): void {
  forget(unit, object.path);
  const run: Run = { state: 'Requested', stop: new AbortController() };
  slotOf<Runs>(unit, diagnostics, () => new Map()).set(object.path, run);
  // Its errors are in its state.
  void carryOut(unit, object, run, source);
}

/** The values that runs compute, by their path below the root. */
function computed(): Record<string, ReadValue> {
  const values: Record<string, ReadValue> = {};
  for (const { path, results, rows } of diagnosticObjects) {
    values[path + STATE] = unit => runOf(unit, path)?.state ?? 'None';
    for (const name of results) values[path + name] = unit => runOf(unit, path)?.end?.values?.[name];
    for (const name of rows?.columns ?? [])
      values[`${path}${rows?.table}{i}.${name}`] = (unit, [row = 0]) =>
        runOf(unit, path)?.end?.rows?.[row - 1]?.[name.replace(/^Hop/, '')];
  }
  return values;
}

function computedRows(): Record<string, (unit: Unit) => readonly number[]> {
  const tables = diagnosticObjects.flatMap(({ path, rows }) => (rows ? [{ path, table: path + rows.table }] : []));
  return Object.fromEntries(
    tables.map(({ path, table }) => [table, unit => runOf(unit, path)?.end?.rows?.map((_row, at) => at + 1) ?? []]),
  );
}

export const diagnostics: Service = {
  name: 'Diagnostics',
  values: computed(),
  rows: computedRows(),
  check(unit, { touched }, problem) {
    for (const [path, value] of touched)
      if (path.endsWith(STATE) && value !== 'Requested' && value !== 'None' && objectAt(unit, path))
        problem(path, 9007, `${path} can be set to Requested alone`);
  },
  apply(unit, { changes, source }) {
    const asked = new Set<DiagnosticObject>();
    for (const { path, value } of changes) {
      const object = objectAt(unit, path);
      if (!object) continue;
      // A change of a setting ends the run and its results.
      if (path.endsWith(STATE) && value === 'Requested') asked.add(object);
      else if (!asked.has(object)) forget(unit, object.path);
    }
    for (const object of asked) begin(unit, object, source);
  },
  stop(unit) {
    for (const path of [...(peekSlot<Runs>(unit, diagnostics)?.keys() ?? [])]) forget(unit, path);
  },
};

const objectAt = ({ model: { root } }: Unit, path: string): DiagnosticObject | undefined =>
  diagnosticObjects.find(object => path.startsWith(root + object.path));
