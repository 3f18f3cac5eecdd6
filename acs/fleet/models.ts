// Which data model a device speaks, as far as it is known: for types, needs-restart and validation.
import { builtinModel, type Model, type ParameterDef, xsdType } from '../../shared/model/datamodel.ts';
import { type QuirkRule, quirksOf, type Subject } from './quirks.ts';

type Builtin = 'dgw' | 'device';

export interface Models {
  /** The model of a device, or undefined where none is known to fit. */
  of(row: Subject): Promise<Model | undefined>;
  /** Definitions of a path in any known model, most specific model first. */
  lookup(path: string): Promise<ParameterDef | undefined>;
  /** What no model here can know: another root (TR-098), a vendor's own nodes. Only the device can judge it. */
  isBeyond(path: string): boolean;
}

export function createModels(rules?: readonly QuirkRule[]): Models {
  const nameOf = (row: Subject): Builtin | undefined =>
    quirksOf(row, rules).model ?? (row.root === 'Device.' ? 'device' : undefined);
  const parameterIn = (model: Model, path: string): ParameterDef | undefined => {
    const def = model.resolve(path)?.def;
    return def && 'type' in def ? def : undefined;
  };
  return {
    of: async row => {
      const name = nameOf(row);
      return name ? await builtinModel(name) : undefined;
    },
    isBeyond: path => /^(InternetGatewayDevice\.|Device\.([\w-]+\.)*X_(?!0090F8_))([\w-]+\.)*[\w-]+$/.test(path),
    lookup: async path =>
      parameterIn(await builtinModel('dgw'), path) ?? parameterIn(await builtinModel('device'), path),
  };
}

/** The `xsd:…` type of a path, where the model knows it. */
export function typeOf(model: Model | undefined, path: string): string | undefined {
  const def = model?.resolve(path)?.def;
  return def && 'type' in def ? xsdType(def.type) : undefined;
}
