// The object identifiers of a unit's parameters: a number for each service, object and parameter in the order of the model.
import { isDeepStrictEqual } from 'node:util';
import type { Model, ObjectDef, ParameterDef } from '../../shared/model/definitions.ts';
import { parentPath } from '../../shared/model/path.ts';

export type Oid = readonly number[];

/** The private enterprise number that stands for examples (RFC 5612), and the part of it that is ours: the vendor's MIB files are not public. */
export const ARC: Oid = [1, 3, 6, 1, 4, 1, 32473, 1];
/** Below ARC: parameters, notifications, objects of notifications. */
export const PARAMETERS = 1;
export const NOTIFICATIONS = 2;
export const FACTS = 3;

/** The vendor's numbers that are known by public programs: below 1.3.6.1.4.1.4935.1000.100.200.100. */
export const VENDOR_ARC: Oid = [1, 3, 6, 1, 4, 1, 4935, 1000, 100, 200, 100];
const vendorNumbers: Readonly<Record<string, Oid>> = {
  'Conf.ScriptsLocation': [800, 1, 100, 300],
  'Conf.ScriptsTransferProtocol': [800, 1, 100, 400, 100],
  'Conf.ScriptsTransferSrvHostname': [800, 1, 100, 400, 400],
  'Conf.ScriptsTransferOnRestartEnable': [800, 1, 100, 500, 100],
  'Fpu.MfpUrl': [1300, 1, 450],
};

/** A parameter, and in a table a column. */
export interface Leaf {
  /** Without the numbers of its rows: `.0` follows, or a number for each table on its path. */
  readonly oid: Oid;
  readonly def: ParameterDef;
  /** Tables on its path. */
  readonly depth: number;
}

/** An object with its parameters, for the MIB. */
export interface Group {
  readonly oid: Oid;
  readonly object: ObjectDef;
  readonly depth: number;
  readonly leaves: readonly Leaf[];
}

export interface Numbering {
  readonly groups: readonly Group[];
  /** In the order of their numbers. */
  readonly leaves: readonly Leaf[];
}

const known = new WeakMap<Model, Numbering>();

export function numberingOf(model: Model): Numbering {
  let numbering = known.get(model);
  if (!numbering) {
    numbering = build(model);
    known.set(model, numbering);
  }
  return numbering;
}

/** Objects of no service have the number 1 in the place of that of a service. */
const STANDARD = 1;

/** Objects that only an ACS is shown: the voice service of TR-104 is other names of the same variables. */
const isElsewhere = ({ root }: Model, path: string): boolean =>
  path.startsWith(`${root}Services.`) || path === `${root}GatewayInfo.`;

function build(model: Model): Numbering {
  const counts = new Map<number, number>();
  const groups: Group[] = [];
  for (const object of model.objects.values()) {
    const parameters = model.children(object.path).parameters;
    if (parameters.length === 0 || isElsewhere(model, object.path)) continue;
    const service = model.services.find(({ name }) => name === object.service)?.id ?? STANDARD;
    const number = (counts.get(service) ?? 0) + 1;
    counts.set(service, number);
    const oid = [...ARC, PARAMETERS, service, number];
    const depth = object.path.split('{i}').length - 1;
    groups.push({ oid, object, depth, leaves: parameters.map((def, at) => leafOf(oid, def, depth, at)) });
  }
  const leaves = groups.flatMap(group => group.leaves).toSorted((a, b) => compareOids(a.oid, b.oid));
  return { groups, leaves };
}

/** In a table the first columns are its indexes. */
function leafOf(group: Oid, def: ParameterDef, depth: number, at: number): Leaf {
  const vendor = vendorNumbers[def.script ?? ''];
  const own = depth === 0 ? [...group, at + 1] : [...group, 1, depth + at + 1];
  return { def, depth, oid: vendor ? [...VENDOR_ARC, ...vendor] : own };
}

export function compareOids(a: Oid, b: Oid): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export const isBelow = (oid: Oid, above: Oid): boolean => isDeepStrictEqual(oid.slice(0, above.length), above);

/** Concrete path of a leaf in the row that the numbers name. */
export function pathOf({ def }: Leaf, instances: readonly number[]): string {
  let at = 0;
  return def.path.replace(/\{i\}/g, () => String(instances[at++] ?? 0));
}

/** Path of a table (`Device.A.`) above the column at a depth, from 0. */
export function tableAbove({ def }: Leaf, instances: readonly number[]): string {
  const parts = parentPath(def.path).split('{i}.');
  return instances.reduce((path, row, at) => `${path}${row}.${parts[at + 1] ?? ''}`, parts[0] ?? '');
}
