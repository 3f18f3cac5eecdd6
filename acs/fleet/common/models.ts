// The data models of devices, as far as they are known: for types, needs-restart and validation.
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { isObject, type Model, type ParameterDef, xsdType } from '../../../shared/model/definitions.ts';
import { belowRoot } from '../../../shared/model/gateway-root.ts';
import { type QuirkRule, quirksOf, type Subject } from './quirks.ts';

type Builtin = 'dgw' | 'device';

export interface Models {
  /** @returns the model of a device; undefined where none is known to fit */
  of(row: Subject): Promise<Model | undefined>;
  /** @returns the definitions of a path for a DGW and for any other device, as far as built-in models have one */
  definitions(path: string): Promise<{ dgw?: ParameterDef; other?: ParameterDef }>;
}

export function createModels(rules?: readonly QuirkRule[]): Models {
  const nameOf = (row: Subject): Builtin | undefined =>
    quirksOf(row, rules).model ?? (row.root === 'Device.' ? 'device' : undefined);
  const parameterIn = (model: Model, path: string): ParameterDef | undefined => {
    const def = model.resolve(path)?.def;
    return def && !isObject(def) ? def : undefined;
  };
  return {
    of: async row => {
      const name = nameOf(row);
      return name ? belowRoot(await builtinModel(name), row.root) : undefined;
    },
    definitions: async path => {
      const model = await builtinModel('dgw');
      const own = parameterIn(model, path) ?? parameterIn(belowRoot(model, 'InternetGatewayDevice.'), path);
      const standard = parameterIn(await builtinModel('device'), path);
      const dgw = own ?? standard;
      // Parameters with the prefix of the DGW's maker are the same under whatever name it is sold.
      const other = standard ?? (path.includes('.X_0090F8_') ? own : undefined);
      return { ...(dgw ? { dgw } : {}), ...(other ? { other } : {}) };
    },
  };
}

/** @returns the `xsd:…` type of a path, where the model knows it */
export function typeOf(model: Model | undefined, path: string): string | undefined {
  const def = model?.resolve(path)?.def;
  return def && 'type' in def ? xsdType(def) : undefined;
}
