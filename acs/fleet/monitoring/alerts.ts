// Alerts: rules over the whole fleet, as documents, each with the state that its last evaluation found.
import { UserError } from '../../errors.ts';
import { documentVersion, type Edit } from '../../store/edit.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';
import { type AlertEvaluation, AlertEvaluations } from './alert-evaluations.ts';
import { type AlertState, worstState } from './alert-groups.ts';
import { type AlertRule, compileAlert } from './alert-rule.ts';

export interface AlertView extends AlertRule, Omit<AlertEvaluation, 'evaluated' | 'took'> {
  name: string;
  state: AlertState;
  evaluated: number | undefined;
}

/** A rule as it would be evaluated now. It fires once `wouldFire` has held for the time of the rule. */
export interface AlertTrial extends Pick<AlertEvaluation, 'count' | 'groups' | 'omitted'> {
  wouldFire: boolean;
}

/** The interval of evaluations. */
export const EVALUATE_MS = 30_000;
/** Evaluations of one alert take no more than this part of the time: a slow one is evaluated less often. */
const MAX_TIME_SHARE = 0.05;
const MAX_ALERTS = 200;

export class Alerts {
  readonly #context: Pick<FleetContext, 'store' | 'clock'>;
  readonly #rules: Documents<AlertRule>;
  readonly #evaluations: AlertEvaluations;

  constructor(context: Pick<FleetContext, 'store' | 'clock' | 'events' | 'log'>) {
    this.#context = context;
    this.#evaluations = new AlertEvaluations(context);
    this.#rules = documents(context, 'alert', {
      missing: name => new UserError(404, 'no-such-alert', `no alert '${name}'`),
      limit: {
        most: MAX_ALERTS,
        reached: count => new UserError(409, 'too-many-alerts', `there are ${count} alerts already`),
      },
      validate: rule => validateAlert(rule, context),
    });
  }

  async list(): Promise<AlertView[]> {
    const evaluations = await this.#evaluations.all();
    return (await this.#rules.list()).map(({ name, body }) => viewOf(name, body, evaluations.get(name)));
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<AlertView> {
    return viewOf(name, (await this.#rules.get(name)).body, await this.#evaluations.last(name));
  }

  /** Stores a rule and evaluates it at once. @returns whether it is new. @throws UserError 400 that names the place, 409, 412 */
  async put(name: string, rule: AlertRule, edit?: Edit): Promise<boolean> {
    const isNew = await this.#rules.put(name, rule, edit);
    await this.#evaluations.evaluate(name, rule);
    return isNew;
  }

  /** Evaluates a rule that is not stored: the groups above its limit now. @throws UserError 400 that names the place */
  async trial(name: string, rule: AlertRule): Promise<AlertTrial> {
    await validateAlert(rule, this.#context);
    const { count, groups, omitted } = await this.#evaluations.trial(name, rule);
    return { wouldFire: groups.length > 0, count, groups, omitted };
  }

  /** @throws UserError 404, 412 */
  async remove(name: string, edit?: Edit): Promise<void> {
    const found = await this.#rules.get(name);
    edit?.assertAllows(documentVersion(found));
    await this.#evaluations.remove(name, found.body);
    await this.#rules.remove(name, true, edit);
  }

  /** Evaluates all alerts that are due. */
  async evaluate(): Promise<void> {
    const { store, clock } = this.#context;
    if (store.generation('alert') === 0) return;
    const evaluations = await this.#evaluations.all();
    for (const { name, body } of await this.#rules.list()) {
      const { evaluated = 0, took = 0 } = evaluations.get(name) ?? {};
      if (evaluated + took / MAX_TIME_SHARE <= clock.now()) await this.#evaluations.evaluate(name, body);
    }
  }
}

/** @throws UserError 400 that names the place */
async function validateAlert(rule: AlertRule, { store }: Pick<FleetContext, 'store'>): Promise<void> {
  compileAlert(rule);
  for (const webhook of rule.webhooks ?? [])
    if (!(await store.document('webhook', webhook)))
      throw new UserError(400, 'no-such-webhook', `webhooks: no webhook '${webhook}'`);
}

const viewOf = (name: string, rule: AlertRule, evaluation: AlertEvaluation | undefined): AlertView => ({
  name,
  ...rule,
  state: worstState(evaluation?.groups ?? []),
  evaluated: evaluation?.evaluated,
  groups: evaluation?.groups ?? [],
  omitted: evaluation?.omitted ?? 0,
  count: evaluation?.count ?? 0,
  ...(evaluation?.error === undefined ? {} : { error: evaluation.error }),
});
