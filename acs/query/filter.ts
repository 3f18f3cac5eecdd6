// The filter language of device searches and presets as data, from which the predicate and each store's own query are made.
//   productClass = "4102S" and firmware < "49.2" and tag = "sales" and (lastInform < now - 1h or not online)
// Two-valued: a comparison with something unknown is false, `!=` is the opposite of `=`, so `not` always turns the answer round.
import type { Literal, Operator } from './compare.ts';

type FieldKind =
  | 'text'
  | 'version'
  | 'time'
  // A count, 0 for none.
  | 'number'
  | 'flag'
  | 'liveness'
  | 'tag'
  | 'state'
  | 'site'
  // The value of any site field.
  | 'anySite'
  | 'path'
  // Of any fault of the device; in a search for faults, of the fault itself.
  | 'fault'
  | 'faultTime'
  // A job, or the state or the reason in one: a search replaces them by devices before a store sees them.
  | 'job';

/** `name`: the canonical field name; for `site` the name after `site.`; for `path` the parameter path. */
export interface Field {
  kind: FieldKind;
  name: string;
}

/** Plain data: it crosses to other threads and processes. */
export type Filter =
  | { op: 'and' | 'or'; of: Filter[] }
  | { op: 'not'; of: Filter }
  | { op: 'compare'; field: Field; test: Operator; value: Literal }
  | { op: 'in'; field: Field; values: Literal[] }
  | { op: 'like'; field: Field; pattern: string }
  | { op: 'exists'; field: Field };

export type Atom = Extract<Filter, { field: Field }>;

/** A fault by its cause; a comparison of it is one of the code, too. */
export const anyFault: Field = { kind: 'fault', name: 'cause' };

/** Every field with a name of its own, beside `site.NAME` and parameter paths. */
export const fields: Readonly<Record<string, Field>> = {
  id: { kind: 'text', name: 'id' },
  oui: { kind: 'text', name: 'oui' },
  productClass: { kind: 'text', name: 'productClass' },
  serial: { kind: 'text', name: 'serial' },
  serialNumber: { kind: 'text', name: 'serial' },
  manufacturer: { kind: 'text', name: 'manufacturer' },
  firmware: { kind: 'version', name: 'firmware' },
  softwareVersion: { kind: 'version', name: 'firmware' },
  hardware: { kind: 'version', name: 'hardware' },
  hardwareVersion: { kind: 'version', name: 'hardware' },
  provisioningCode: { kind: 'text', name: 'provisioningCode' },
  // The name of its own login: the one that was offered last.
  username: { kind: 'text', name: 'username' },
  address: { kind: 'text', name: 'address' },
  state: { kind: 'state', name: 'state' },
  tag: { kind: 'tag', name: 'tag' },
  tags: { kind: 'tag', name: 'tag' },
  created: { kind: 'time', name: 'created' },
  lastInform: { kind: 'time', name: 'lastInform' },
  lastBoot: { kind: 'time', name: 'lastBoot' },
  online: { kind: 'flag', name: 'online' },
  late: { kind: 'flag', name: 'late' },
  lost: { kind: 'flag', name: 'lost' },
  // Its last three sessions or more were lost.
  unfinished: { kind: 'flag', name: 'unfinished' },
  'never-finishes': { kind: 'flag', name: 'unfinished' },
  // A restart is pending.
  restart: { kind: 'flag', name: 'restart' },
  // Open tasks, and managed values that differ.
  tasks: { kind: 'number', name: 'tasks' },
  openTasks: { kind: 'number', name: 'tasks' },
  drift: { kind: 'number', name: 'drift' },
  liveness: { kind: 'liveness', name: 'liveness' },
  rollout: { kind: 'text', name: 'rollout' },
  rolloutState: { kind: 'text', name: 'rolloutState' },
  rolloutZone: { kind: 'text', name: 'rolloutZone' },
  rolloutDue: { kind: 'time', name: 'rolloutDue' },
  // A number, 0 for unknown: compared like a time.
  rolloutWave: { kind: 'time', name: 'rolloutWave' },
  fault: anyFault,
  faults: anyFault,
  faultCode: { kind: 'fault', name: 'code' },
  'fault.code': { kind: 'fault', name: 'code' },
  'fault.cause': { kind: 'fault', name: 'cause' },
  'fault.parameter': { kind: 'fault', name: 'parameter' },
  'fault.since': { kind: 'faultTime', name: 'first' },
  'fault.last': { kind: 'faultTime', name: 'last' },
};

export const isIdField = ({ kind, name }: Field): boolean => kind === 'text' && name === 'id';
export const isFaultField = ({ kind }: Field): boolean => kind === 'fault' || kind === 'faultTime';

const idField = fields.id as Field;

/** The filter that fits every device. */
export const everyDevice: Filter = { op: 'exists', field: idField };

/** The filter that fits the devices with these ids. */
export const devicesWithIds = (ids: readonly string[]): Filter => ({
  op: 'in',
  field: idField,
  values: ids.map(text => ({ as: 'text', text })),
});

/** @returns the filter that fits where both do; undefined where none is given */
export function bothFilters(one: Filter | undefined, other: Filter | undefined): Filter | undefined {
  return one && other ? { op: 'and', of: [one, other] } : (one ?? other);
}

/** The fields in which `search "text"` looks. */
const searched: readonly Field[] = [
  ...['serial', 'id', 'address', 'username'].map((name): Field => ({ kind: 'text', name })),
  { kind: 'anySite', name: 'site' },
  { kind: 'tag', name: 'tag' },
];

/** Devices of which a text, as far as operators look for it, fits the pattern. @param among the fields of something else */
export const searchFilter = (pattern: string, among: readonly Field[] = searched): Filter => ({
  op: 'or',
  of: among.map(field => ({ op: 'like', field, pattern })),
});

/** Every comparison of a filter, in order. */
export function atomsOf(filter: Filter): Atom[] {
  if (!('of' in filter)) return [filter];
  return Array.isArray(filter.of) ? filter.of.flatMap(atomsOf) : atomsOf(filter.of);
}

/** The parameters in a filter, so that a caller with a tree can look them up first. */
export function pathsOf(filter: Filter): string[] {
  const paths = atomsOf(filter).flatMap(atom => (atom.field.kind === 'path' ? [atom.field.name] : []));
  return [...new Set(paths)];
}

const passing: ReadonlySet<string> = new Set(
  'online late lost unfinished restart tasks drift username liveness lastInform lastBoot rollout rolloutState rolloutWave rolloutZone rolloutDue'.split(
    ' ',
  ),
);

/** The first part of a filter that changes by itself (`now`, `online`, `lastInform`, …): a preset must not depend on it. */
export function passingPart(filter: Filter): string | undefined {
  for (const atom of atomsOf(filter)) {
    if (isFaultField(atom.field)) return 'fault';
    if (passing.has(atom.field.name)) return atom.field.name;
    const values = atom.op === 'compare' ? [atom.value] : atom.op === 'in' ? atom.values : [];
    if (values.some(value => 'now' in value)) return 'now';
  }
  return undefined;
}
