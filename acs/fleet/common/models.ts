// The data models of devices, as far as they are known: for types, needs-restart and validation.
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { isObject, type Model, type ObjectDef, type ParameterDef, xsdType } from '../../../shared/model/definitions.ts';
import { type QuirkRule, quirksOf, type Subject } from './quirks.ts';

type Builtin = 'dgw' | 'device';

export interface Models {
  /** @returns the model of a device; undefined where none is known to fit */
  of(row: Subject): Promise<Model | undefined>;
  /** @returns the definition of a path in any known model, most specific model first */
  lookup(path: string): Promise<ParameterDef | undefined>;
  /** @returns whether no model here can know the path: another root (TR-098), a vendor's own nodes. Only the device can judge it. */
  isBeyond(path: string): boolean;
  /** @returns the definition of a table (its path ends with a dot) in any known model, most specific model first */
  table(path: string): Promise<ObjectDef | undefined>;
}

export function createModels(rules?: readonly QuirkRule[]): Models {
  const nameOf = (row: Subject): Builtin | undefined =>
    quirksOf(row, rules).model ?? (row.root === 'Device.' ? 'device' : undefined);
  const parameterIn = (model: Model, path: string): ParameterDef | undefined => {
    const def = model.resolve(path)?.def;
    return def && 'type' in def ? def : undefined;
  };
  const tableIn = (model: Model, path: string): ObjectDef | undefined => {
    const def = model.resolve(`${path}1.`)?.def;
    return def && isObject(def) && def.multi ? def : undefined;
  };
  return {
    of: async row => {
      const name = nameOf(row);
      return name ? await builtinModel(name) : undefined;
    },
    isBeyond: path => /^(InternetGatewayDevice\.|Device\.([\w-]+\.)*X_(?!0090F8_))([\w-]+\.)*[\w-]+$/.test(path),
    table: async path => tableIn(await builtinModel('dgw'), path) ?? tableIn(await builtinModel('device'), path),
    lookup: async path =>
      parameterIn(await builtinModel('dgw'), path) ?? parameterIn(await builtinModel('device'), path),
  };
}

/** @returns the `xsd:…` type of a path, where the model knows it */
export function typeOf(model: Model | undefined, path: string): string | undefined {
  const def = model?.resolve(path)?.def;
  return def && 'type' in def ? xsdType(def.type) : undefined;
}
