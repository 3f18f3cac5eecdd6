// Reads the chosen parameters of a device in session, at most once in the interval of the history setting.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { DeviceRow } from '../../device/row.ts';
import { isWild, wildStart } from '../../query/wildcard.ts';
import type { FleetContext } from '../common/context.ts';
import type { Cpe } from '../common/ports.ts';
import { RecentValues } from '../common/recent-values.ts';
import { isSuspended } from '../common/session-state.ts';
import type { CompiledHistoryRule, HistorySetting } from './history-setting.ts';

/** The cause of a fault that suspends reads. */
export const HISTORY = 'history';

const MAX_REMEMBERED = 50_000;

export class HistoryReader {
  readonly #context: FleetContext;
  readonly #setting: HistorySetting;
  /** The time of the last read of each device by the setting as it is now, milliseconds. */
  #reads = new RecentValues<number>(MAX_REMEMBERED);
  #rule = '';

  constructor(context: FleetContext, setting: HistorySetting) {
    this.#context = context;
    this.#setting = setting;
  }

  async readIfDue(row: DeviceRow, cpe: Cpe): Promise<void> {
    const { store, clock, events } = this.#context;
    const chosen = await this.#setting.load();
    this.#noteRule(chosen);
    const now = clock.now();
    const last = this.#reads.get(row.id) ?? Number.NEGATIVE_INFINITY;
    if (chosen?.readMs === undefined || now - last < chosen.readMs) return;
    if (!chosen.fits(row, now) || isSuspended(row, HISTORY, now)) return;
    this.#reads.set(row.id, now);
    const names = [...new Set(chosen.rule.parameters.map(path => (isWild(path) ? wildStart(path) : path)))];
    const list = await readValues(cpe, names);
    const values = list.map(
      ({ Name, Value, Type }): KnownValue => ({ path: Name, value: Value, type: Type, time: now }),
    );
    // Values of rows that have gone from a table are forgotten.
    for (const table of names.filter(name => name.endsWith('.')))
      await store.putParameters(
        row.id,
        values.filter(({ path }) => path.startsWith(table)),
        table,
      );
    await store.putParameters(
      row.id,
      values.filter(({ path }) => names.includes(path)),
    );
    events.emit('values', { row, list });
  }

  /** Another setting is read in the next session of each device, whenever the one before was. */
  #noteRule(chosen: CompiledHistoryRule | undefined): void {
    const rule = chosen ? chosen.text : '';
    if (rule === this.#rule) return;
    this.#rule = rule;
    this.#reads = new RecentValues(MAX_REMEMBERED);
  }
}

/** Reads all names with one RPC, and each name with its own where the device refuses that, because it lacks one of them. */
async function readValues(
  cpe: Cpe,
  names: readonly string[],
): Promise<{ Name: string; Value: string; Type: string }[]> {
  try {
    return (await cpe.call('GetParameterValues', { ParameterNames: [...names] })).ParameterList;
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    if (names.length === 1) return [];
    const found = [];
    for (const name of names) found.push(...(await readValues(cpe, [name])));
    return found;
  }
}
