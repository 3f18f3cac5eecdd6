// Values of a unit's variables as an operator asks for them: by script name, a table with all of its rows, or by path of the data model.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { UserError } from '../../../shared/errors.ts';
import { tableOf } from '../../../shared/model/path.ts';
import { formatName } from '../../script/parse.ts';
import { variableAt } from '../../state/tree/names.ts';
import type { Unit } from '../service.ts';

export interface NamedValue {
  /** With the keys of its row; the path where the model gives no script name. */
  name: string;
  /** Passwords read back empty. */
  value: string;
}

/** Values of one answer. */
const MOST_VALUES = 1000;

/** @throws UserError 404 for a name that no variable, table or object has; 413 for too many values */
export function valuesOf(unit: Unit, names: readonly string[]): NamedValue[] {
  const found: NamedValue[] = [];
  for (const name of names) {
    found.push(...read(unit, name));
    if (found.length > MOST_VALUES)
      throw new UserError(413, 'too-many-values', `more than ${MOST_VALUES} values: name fewer variables`);
  }
  return found;
}

function read({ config, model }: Pick<Unit, 'config' | 'model'>, name: string): NamedValue[] {
  const table = model.table(name);
  const path = config.pathOf(name) ?? (table ? tableOf(table.path) : name);
  try {
    if (path === '') throw new CwmpFault(9005);
    return config.read(path).map(({ Name, Value }) => ({ name: shownName(config, Name), value: Value }));
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    throw new UserError(404, 'no-variable', `${name} does not exist`);
  }
}

function shownName(config: Unit['config'], path: string): string {
  const found = config.tree.find(path);
  const variable = found && variableAt(config.tree, found.def, found.instances.at(-1));
  return variable ? formatName(variable.name, variable.keys) : path;
}
