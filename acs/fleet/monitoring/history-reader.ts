// Reads the chosen parameters of a device in session, at most once in the interval of the history setting.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { messageOf } from '../../../shared/errors.ts';
import { type KnownValue, knownValues } from '../../device/parameter.ts';
import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import { isWild, wildStart } from '../../query/wildcard.ts';
import { type Backoff, retryAt } from '../common/backoff.ts';
import { type FleetContext, MAX_PARAMETERS } from '../common/context.ts';
import { type Cpe, OversizedAnswer } from '../common/ports.ts';
import { RecentValues } from '../common/recent-values.ts';
import { withSealedValues } from '../common/secrets.ts';
import { isSuspended } from '../common/session-state.ts';
import type { CompiledHistoryRule, HistorySetting } from './history-setting.ts';

/** The cause of a fault that suspends reads. */
export const HISTORY = 'history';

const MAX_REMEMBERED = 50_000;
const BACKOFF: Backoff = { firstMs: 600_000, lastMs: 24 * 3_600_000 };

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
    const { clock, events } = this.#context;
    const chosen = await this.#setting.load();
    this.#noteRule(chosen);
    const now = clock.now();
    const last = this.#reads.get(row.id) ?? Number.NEGATIVE_INFINITY;
    if (chosen?.readMs === undefined || now - last < chosen.readMs) return;
    if (!chosen.fits(row, now) || isSuspended(row, HISTORY, now)) return;
    this.#reads.set(row.id, now);
    const names = [...new Set(chosen.rule.parameters.map(path => (isWild(path) ? wildStart(path) : path)))];
    try {
      const list = await readValues(cpe, names);
      const values = knownValues(withSealedValues(this.#context.secrets, row.id, list), now);
      await this.#keep(row, names, values);
      events.emit('values', { row, list });
    } catch (error) {
      if (!isBeyondLimit(error)) throw error;
      await this.#raise(row, messageOf(error), now);
    }
  }

  /** @throws UserError 413 `parameter-limit` */
  async #keep({ id }: DeviceRow, names: readonly string[], values: readonly KnownValue[]): Promise<void> {
    const { store, maxParameters: most = MAX_PARAMETERS } = this.#context;
    // Values of rows that have gone from a table are forgotten.
    for (const table of names.filter(name => name.endsWith('.'))) {
      const below = values.filter(({ path }) => path.startsWith(table));
      await store.putParameters(id, below, table, most);
    }
    const single = values.filter(({ path }) => names.includes(path));
    await store.putParameters(id, single, undefined, most);
  }

  /** Reads of the device are suspended for a while. */
  async #raise({ id, faults }: DeviceRow, message: string, now: number): Promise<void> {
    const count = faults.find(({ cause }) => cause === HISTORY)?.count ?? 0;
    const wait = retryAt(this.#context, BACKOFF, count);
    const raised = { cause: HISTORY, code: 'parameter-limit', message, retryAt: wait, now };
    const fault = await this.#context.store.apply(id, 'faultRaised', raised);
    this.#context.events.emit('fault', { fault });
  }

  /** Another setting is read in the next session of each device, whenever the one before was. */
  #noteRule(chosen: CompiledHistoryRule | undefined): void {
    const rule = chosen ? chosen.text : '';
    if (rule === this.#rule) return;
    this.#rule = rule;
    this.#reads = new RecentValues(MAX_REMEMBERED);
  }
}

const isBeyondLimit = (error: unknown): boolean =>
  error instanceof OversizedAnswer || (error instanceof UserError && error.code === 'parameter-limit');

/** Reads all names with one RPC, and each name with its own where the device refuses that, because it lacks one of them. */
async function readValues(
  cpe: Cpe,
  names: readonly string[],
): Promise<{ Name: string; Value: string; Type: string }[]> {
  try {
    return (await cpe.call('GetParameterValues', { ParameterNames: [...names] })).ParameterList;
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    if (names.length === 1 && error instanceof OversizedAnswer) throw error;
    if (names.length === 1) return [];
    const found = [];
    for (const name of names) found.push(await readValues(cpe, [name]));
    return found.flat();
  }
}
