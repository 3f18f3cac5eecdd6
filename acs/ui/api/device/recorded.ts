// Calls about what is recorded of devices over time.
import type { Static } from 'typebox';
import type * as shapes from '../../../north/schemas/monitoring/history.ts';
import { type Answer, call, callTagged } from '../call.ts';
import { problemOf } from '../problem.ts';

type Rule = Static<typeof shapes.historyRule>;
const PATH = '/settings/history';

/** The rule; undefined where nothing is recorded yet. */
async function ruleNow(): Promise<Answer<Rule> | undefined> {
  try {
    return await callTagged('GET', PATH);
  } catch (error) {
    if (problemOf(error).status === 404) return undefined;
    throw error;
  }
}

/** Records a parameter from now on, beside those that are recorded already. @throws Problem, also when the rule is changed meanwhile */
export async function keepHistory(path: string): Promise<void> {
  const known = await ruleNow();
  const rule = known?.value ?? { parameters: [] };
  if (rule.parameters.includes(path)) return;
  const headers = known?.etag === undefined ? { 'if-none-match': '*' } : { 'if-match': known.etag };
  await call('PUT', PATH, { body: { ...rule, parameters: [...rule.parameters, path] }, headers });
}
