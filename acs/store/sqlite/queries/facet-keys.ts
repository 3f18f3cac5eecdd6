// The value of a device in a facet, for fields without a table of their own, as SQL on `devices d`.
import type { Field } from '../../../query/filter.ts';
import type { Condition } from '../condition.ts';
import { livenessSql, livenessWords, numberExpression, storedFlags, textExpression } from '../filter.ts';

export function keyOf(field: Field, now: number): Condition {
  if (field.kind === 'liveness') return livenessWords(now);
  if (field.kind === 'number') return { sql: `CAST(${numberExpression(field)} AS TEXT)`, params: [] };
  if (field.kind === 'flag') {
    const { sql, params } = storedFlags.has(field.name)
      ? { sql: `d.${field.name} > 0`, params: [] }
      : livenessSql(field.name, now);
    return { sql: `iif(${sql}, 'true', 'false')`, params };
  }
  return textExpression(field);
}
