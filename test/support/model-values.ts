// Values of a data model's parameters, for checks that a model is consistent with itself.
import type { ParameterDef } from '../../shared/model/definitions.ts';
import { checkValue, UNKNOWN_TIME } from '../../shared/model/values.ts';

/** The value of a parameter that was never set: its default, else the null of its type that its limits allow. */
export function initialValue(def: ParameterDef): string {
  if (def.default !== undefined) return def.default;
  if (def.list) return '';
  switch (def.type) {
    case 'int':
    case 'unsignedInt':
    case 'long':
    case 'unsignedLong': {
      return checkValue(def, '0', undefined, true).ok ? '0' : String(def.ranges?.[0]?.min ?? def.min ?? def.max ?? 0);
    }
    case 'boolean':
      return '0';
    case 'dateTime':
      return UNKNOWN_TIME;
    case 'string':
      return def.enumeration?.[0]?.label ?? '';
    default:
      return '';
  }
}

/**
 * The same value in the form of another parameter (`ParameterDef.sameAs`): 1/0 ↔ Enable/Disable by the labels' numbers,
 * a dateTime ↔ its 20 characters in UTC. Undefined where the other form cannot hold it.
 */
export function convertValue(value: string, from: ParameterDef, to: ParameterDef): string | undefined {
  let text = value;
  if (from.enumeration && !to.enumeration && to.type !== 'string') {
    const code = from.enumeration.find(each => each.label === value)?.code;
    if (code === undefined) return undefined;
    text = String(code);
  } else if (from.type === 'dateTime' && to.type === 'string') {
    const time = Date.parse(value);
    if (Number.isNaN(time)) return undefined;
    text = new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
  }
  const checked = checkValue(to, text);
  return checked.ok ? checked.value : undefined;
}
