// Objects of a model that a unit has only while one of its parameters is `Enable` (Cwmp.Tr104Enable, Cwmp.Tr069AnnexFEnable).
import type { Model, ParameterDef } from '../../../shared/model/definitions.ts';

export interface Gate {
  /** Start of all paths behind it: `Device.Services.`. */
  prefix: string;
  /** Path of the parameter. */
  switch: string;
  def: ParameterDef;
}

export function indexGates(model: Model): Gate[] {
  return [...model.objects.values()].flatMap(({ path, shownBy }) => {
    const def = shownBy === undefined ? undefined : model.parameters.get(shownBy);
    return def ? [{ prefix: path, switch: def.path, def }] : [];
  });
}
