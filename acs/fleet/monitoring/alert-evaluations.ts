// Evaluations of alerts: the store counts the groups. Only one process at a time evaluates, and the state of each group is kept, so that
// it fires once and is resolved once.
import { isAbort, isConflict, messageOf } from '../../../shared/errors.ts';
import { UserError } from '../../errors.ts';
import type { AcsEvents } from '../../events.ts';
import { noticeId } from '../../store/notices.ts';
import type { Notice, StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { type AlertGroup, alertGroup, isOver, type Transition, transitions } from './alert-groups.ts';
import { type AlertRule, compileAlert } from './alert-rule.ts';

/** The result of an evaluation, as documents of the kind `alertState` hold it. */
export interface AlertEvaluation {
  evaluated: number;
  /** Its duration, milliseconds. */
  took: number;
  groups: AlertGroup[];
  /** The number of groups that are over the limit as well, beyond those that are kept. */
  omitted: number;
  /** The number of devices that fit the filter, in all groups. */
  count: number;
  error?: string;
}

/** Groups of an alert that are kept, and groups that one count reads. */
const MAX_GROUPS = 100;
const MAX_COUNTED = 2000;

export class AlertEvaluations {
  readonly #context: Pick<FleetContext, 'store' | 'clock' | 'events' | 'log'>;

  constructor(context: Pick<FleetContext, 'store' | 'clock' | 'events' | 'log'>) {
    this.#context = context;
  }

  async last(name: string): Promise<AlertEvaluation | undefined> {
    return (await this.#stored(name))?.body;
  }

  /** The last evaluation of each alert, by name. */
  async all(): Promise<Map<string, AlertEvaluation>> {
    const states = await this.#context.store.documents<AlertEvaluation>('alertState');
    return new Map(states.map(({ name, body }) => [name, body]));
  }

  /** Evaluates an alert now. Leaves the result of another process where that is faster. */
  async evaluate(name: string, rule: AlertRule): Promise<void> {
    const { store, clock, log } = this.#context;
    const before = await this.#stored(name);
    try {
      await this.#keep(name, rule, before, await this.#evaluation(rule, before?.body));
    } catch (error) {
      if (isAbort(error) || isConflict(error)) return;
      if (!(error instanceof UserError)) throw error;
      log.warn('alert evaluation failed', { alert: name, reason: messageOf(error) });
      const empty: AlertEvaluation = { evaluated: 0, took: 0, groups: [], omitted: 0, count: 0 };
      const failed = { ...(before?.body ?? empty), evaluated: clock.now(), error: error.message };
      await store.putDocument('alertState', name, failed, before?.generation ?? 0);
    }
  }

  /** Evaluates a rule as if it were that of the alert, and keeps nothing. @throws UserError 400 */
  async trial(name: string, rule: AlertRule): Promise<AlertEvaluation> {
    return await this.#evaluation(rule, await this.last(name));
  }

  /** Resolves all groups of an alert that is deleted. */
  async remove(name: string, rule: AlertRule): Promise<void> {
    const state = await this.#stored(name);
    if (state) await this.#keep(name, rule, state, { ...state.body, groups: [], omitted: 0, count: 0 });
    await this.#context.store.deleteDocument('alertState', name);
  }

  async #stored(name: string): Promise<StoredDocument<AlertEvaluation> | undefined> {
    return await this.#context.store.document<AlertEvaluation>('alertState', name);
  }

  async #evaluation(rule: AlertRule, before: AlertEvaluation | undefined): Promise<AlertEvaluation> {
    const { store, clock } = this.#context;
    const { above, forMs, silentUntil, ...query } = compileAlert(rule);
    const started = clock.monotonic();
    const now = clock.now();
    const found = await store.groups({ ...query, totals: above.share !== undefined, limit: MAX_COUNTED, now });
    const over = found.groups.filter(group => isOver(group, above));
    const known = new Map(before?.groups.map(group => [group.key, group]));
    return {
      evaluated: now,
      took: clock.monotonic() - started,
      groups: over.slice(0, MAX_GROUPS).map(one => alertGroup(one, known.get(one.key), { forMs, silentUntil }, now)),
      omitted: Math.max(0, over.length - MAX_GROUPS),
      count: found.count,
    };
  }

  /** Stores an evaluation and announces its transitions. @throws UserError for which `isConflict` holds */
  async #keep(
    name: string,
    rule: AlertRule,
    before: StoredDocument<AlertEvaluation> | undefined,
    found: AlertEvaluation,
  ): Promise<void> {
    const { store, clock, events } = this.#context;
    const changes = transitions(before?.body.groups ?? [], found.groups).map(change => alertEvent(name, rule, change));
    const notices = changes.map(change => noticeOf(change, rule, clock.now()));
    await store.putDocument('alertState', name, found, before?.generation ?? 0, notices);
    for (const change of changes) events.emit('alert', change);
  }
}

const alertEvent = (alert: string, rule: AlertRule, { state, group }: Transition): AcsEvents['alert'] => ({
  alert,
  state,
  severity: rule.severity ?? 'warning',
  group: group.key,
  count: group.count,
  total: group.total,
  since: new Date(group.since).toISOString(),
  samples: group.samples,
});

/** The notice for webhooks. */
const noticeOf = (change: AcsEvents['alert'], { description, webhooks }: AlertRule, time: number): Notice => ({
  id: noticeId('alert', change.alert, change.group, change.since, change.state),
  type: 'alert',
  time,
  data: { ...change, ...(description === undefined ? {} : { description }) },
  ...(webhooks ? { to: webhooks } : {}),
});
