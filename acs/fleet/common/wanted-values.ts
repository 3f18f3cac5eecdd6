// Wanted values as operators write them, in presets and in the overrides of a device.

import type { ParameterDef } from '../../../shared/model/definitions.ts';
import { isSecretName } from '../../../shared/model/secret-names.ts';
import { checkValue } from '../../../shared/model/values.ts';
import type { WantedValue } from '../../device/desired-state.ts';
import { UserError } from '../../errors.ts';

/** A wanted value as operators write it: text, number or Boolean, or a text with its type. */
export type WrittenValue = string | number | boolean | WantedValue;

/** The text and type of a wanted value as operators write it. */
export function wantedValue(value: WrittenValue): WantedValue {
  if (typeof value === 'object') return value;
  if (typeof value === 'boolean') return { value: value ? '1' : '0' };
  return { value: String(value) };
}

/** A parameter that no known data model has must at least be text that XML can carry. */
export const anyText: ParameterDef = {
  path: '',
  name: '',
  type: 'string',
  writable: true,
  hidden: false,
  forcedInform: false,
  activeNotify: 'normal',
  needsRestart: false,
};

/** Checks a value by its definition. @throws UserError 400 */
export function checkText(place: string, def: ParameterDef | undefined, text: string, type?: string): void {
  const checked = checkValue(def ?? anyText, text, type);
  if (checked.ok) return;
  const why = isSecretName(place) && def?.type !== 'string' ? 'the value does not fit' : checked.message;
  throw new UserError(400, 'bad-value', `${place}: ${why}`);
}
