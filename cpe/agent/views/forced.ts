// The parameters that every Inform carries (TR-069 A.3.3.1), by model.
import type { Model } from '../../../shared/model/definitions.ts';

const forced = new WeakMap<Model, readonly string[]>();

export function forcedParameters(model: Model): readonly string[] {
  let list = forced.get(model);
  if (!list) {
    list = [...model.parameters.values()]
      .filter(def => def.forcedInform && !def.path.includes('{i}'))
      .map(def => def.path);
    forced.set(model, list);
  }
  return list;
}
