// Observes the event bus and adds to the history: sessions and rare events of all devices; Informs, tasks and values only of the chosen
// devices.
import { withoutUrlSecrets } from '../../../shared/model/secret-names.ts';
import type { AcsEvents } from '../../events.ts';
import type { FleetContext } from '../common/context.ts';
import { RecentValues } from '../common/recent-values.ts';
import type { SecretNames } from '../common/secret-names.ts';
import type { HistoryBuffer } from './history-buffer.ts';
import type { CompiledHistoryRule, HistorySetting } from './history-setting.ts';

/** The number of values of one message that are kept. */
const MAX_VALUES = 64;
const MAX_REMEMBERED = 50_000;
const MAX_VALUE_LENGTH = 256;

export class HistoryObserver {
  readonly #context: FleetContext;
  readonly #setting: HistorySetting;
  readonly #buffer: HistoryBuffer;
  readonly #subscriptions: (() => void)[];
  /** The last text of each chosen value that is not a number, so that only changes become events. */
  readonly #texts = new RecentValues<string>(MAX_REMEMBERED);

  constructor(context: FleetContext, setting: HistorySetting, buffer: HistoryBuffer) {
    this.#context = context;
    this.#setting = setting;
    this.#buffer = buffer;
    const { events } = context;
    const add = (device: string, type: string, data: Record<string, unknown>): void =>
      buffer.addEvent(device, type, data);
    this.#subscriptions = [
      events.on('values', event => this.#onValues(event)),
      events.on('task', event => this.#onTask(event)),
      events.on('session', event => this.#onSession(event)),
      events.on('enrolled', ({ device, state }) => add(device, 'enrolled', { state })),
      events.on('late', ({ device, lastInform }) => add(device, 'late', { lastInform })),
      events.on('lost', ({ device, lastInform }) => add(device, 'lost', { lastInform })),
      events.on('back', ({ device, was }) => add(device, 'back', { was })),
      events.on('fault', ({ fault: { device, cause, code, message, count } }) => {
        // Only the first of equal failures is an event, not its retries.
        if (count === 1) add(device, 'fault', { cause, code, message });
      }),
      events.on('faultCleared', ({ device, cause }) => add(device, 'faultCleared', { cause })),
      events.on('rollout', ({ device, ...data }) => {
        if (device !== undefined) add(device, 'rollout', data);
      }),
    ];
  }

  stop(): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
  }

  #onValues({ row, list, inform }: AcsEvents['values']): void {
    const chosen = this.#setting.current();
    if (!chosen?.fits(row, this.#context.clock.now())) return;
    if (inform && chosen.rule.events !== false) this.#buffer.addEvent(row.id, 'inform', inform);
    this.#addValues(row.id, chosenValues(chosen, list, this.#context.secrets.names));
  }

  /** A record waits for the next hand-over to the store: no session costs a commit of its own. */
  #onSession({ device, member: _member, cwmp: _cwmp, milliseconds, ...record }: AcsEvents['session']): void {
    const ended = this.#context.clock.now();
    this.#buffer.add({ device, sessions: [{ ...record, started: ended - milliseconds, ended }] });
  }

  #onTask({ task }: AcsEvents['task']): void {
    const chosen = this.#setting.current();
    if (!task.ended || !chosen || chosen.rule.events === false) return;
    const { id, device, method, state, origin, fault } = task;
    this.#buffer.addEvent(device, 'task', { id, method, state, origin, ...(fault ? { fault } : {}) });
  }

  #addValues(device: string, values: readonly [path: string, value: string][]): void {
    const time = this.#context.clock.now();
    const samples = values
      .filter(([, value]) => isNumber(value))
      .map(([path, value]) => ({ path, time, value: Number(value) }));
    if (samples.length > 0) this.#buffer.add({ device, samples });
    for (const [path, value] of values)
      if (!isNumber(value) && this.#texts.set(`${device} ${path}`, value) !== value)
        this.#buffer.addEvent(device, 'value', { path, value: value.slice(0, MAX_VALUE_LENGTH) });
  }
}

const chosenValues = (
  { matches }: CompiledHistoryRule,
  list: readonly { Name: string; Value: string }[],
  names: SecretNames,
): [string, string][] =>
  list
    .filter(({ Name }) => !names.has(Name) && matches(Name))
    .slice(0, MAX_VALUES)
    .map(({ Name, Value }) => [Name, withoutUrlSecrets(Value)]);

const isNumber = (text: string): boolean => /^[+-]?\d{1,15}(\.\d{1,15})?$/.test(text);
