// The help of a setting: its description, and what the model says of its values.
import type { ParameterDef } from '../../../shared/model/definitions.ts';
import { X } from '../../services/service.ts';
import { descriptions } from './descriptions.ts';

/** Labels of an enumeration that are listed; more of them stand in the selection. */
const MAX_LABELS = 8;

export function helpOf(def: ParameterDef): string {
  const factory = def.default === undefined || def.default === '' || def.hidden ? '' : `Factory value: ${def.default}.`;
  const restart = def.needsRestart ? 'Acts when its service restarts.' : '';
  return [def.description ?? ownDescription(def), valuesOf(def), factory, restart].filter(Boolean).join(' ');
}

const ownDescription = ({ path }: ParameterDef): string =>
  descriptions[path.slice(path.indexOf(X) + X.length).replace('{i}.', '')] ?? '';

function valuesOf({ enumeration, type, min, max, maxLength, list }: ParameterDef): string {
  if (enumeration) {
    return enumeration.length > MAX_LABELS ? '' : `One of ${enumeration.map(({ label }) => label).join(', ')}.`;
  }
  if (list) return 'A list, parted by commas.';
  if (/int|long/i.test(type)) {
    return min === undefined && max === undefined ? 'A number.' : `A number from ${min ?? ''} to ${max ?? ''}.`;
  }
  return maxLength === undefined ? '' : `At most ${maxLength} characters.`;
}
