// The customer profile that makes a factory unit what this one is: its differences from the factory, and the authorities it has loaded.
// Keys of the unit itself and rows that it has lost are not part of it; passwords are in clear, as in an exported script.
import { formatName } from '../../script/parse.ts';
import { variableAt } from '../../state/tree/names.ts';
import { rootsOf } from '../cert.ts';
import type { Unit } from '../service.ts';

export interface PackedProfile {
  parameters: Record<string, string>;
  /** PEM. */
  certificates: string[];
}

/** Tables of files, which a profile has as certificates. */
const files = /X_0090F8_Cert\.(?:Host|Others)Certificate/;

export function packProfile(unit: Unit): PackedProfile {
  const { tree, layers } = unit.config;
  const parameters: Record<string, string> = {};
  for (const [path, value] of [...layers.own.values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const found = tree.find(path);
    if (!found?.def.writable || found.def.rowCommand || files.test(path)) continue;
    const variable = variableAt(tree, found.def, found.instances[0]);
    parameters[variable ? formatName(variable.name, variable.keys) : path] = value;
  }
  return { parameters, certificates: rootsOf(unit).map(certificate => certificate.toString()) };
}

/** As a file for `--profile`. */
export const profileText = (unit: Unit): string => `${JSON.stringify(packProfile(unit), null, 2)}\n`;
