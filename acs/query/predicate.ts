// A filter as a test of one device.

import type { DeviceFault } from '../device/fault.ts';
import { informValues } from '../device/inform.ts';
import { isUnfinished, livenessOf } from '../device/liveness.ts';
import type { DeviceRow } from '../device/row.ts';
import { UserError } from '../errors.ts';
import { holds, isLike, type Literal, literalText, type Operator, orderOf, timeAt } from './compare.ts';
import { type Field, type Filter, isIdField } from './filter.ts';
import { isWild, wildPattern } from './wildcard.ts';

/** Looks up a parameter in the device's parameter tree; for a path with `*` all that fit, by their paths. */
export type TreeLookup = (path: string) => string | ReadonlyMap<string, string> | undefined;

/** A lookup in known values by their paths. */
export const lookupIn =
  (values: ReadonlyMap<string, string> = new Map()): TreeLookup =>
  path => {
    if (!isWild(path)) return values.get(path);
    const pattern = wildPattern(path);
    return new Map([...values].filter(([name]) => pattern.test(name)));
  };

export type Predicate = (row: DeviceRow, now: number, tree?: TreeLookup) => boolean;

/** A test of one device. Parameters come from the values of its last Informs, then from `tree` where one is given. */
export function toPredicate(filter: Filter): Predicate {
  switch (filter.op) {
    case 'and': {
      const parts = filter.of.map(toPredicate);
      return (row, now, tree) => parts.every(part => part(row, now, tree));
    }
    case 'or': {
      const parts = filter.of.map(toPredicate);
      return (row, now, tree) => parts.some(part => part(row, now, tree));
    }
    case 'not': {
      const part = toPredicate(filter.of);
      return (row, now, tree) => !part(row, now, tree);
    }
    case 'compare':
      return comparePredicate(filter.field, filter.test, filter.value);
    case 'in': {
      if (isIdField(filter.field)) return isOneOf(filter.values);
      const parts = filter.values.map(value => comparePredicate(filter.field, '=', value));
      return (row, now, tree) => parts.some(part => part(row, now, tree));
    }
    case 'like':
      return (row, now, tree) => textsOf(row, filter.field, now, tree).some(text => isLike(text, filter.pattern));
    case 'exists':
      return (row, now, tree) => exists(row, filter.field, now, tree);
  }
}

function isOneOf(values: readonly Literal[]): Predicate {
  const ids = new Set(values.map(literalText));
  return row => ids.has(row.id);
}

function comparePredicate(field: Field, test: Operator, value: Literal): Predicate {
  if (test === '!=') {
    const equal = comparePredicate(field, '=', value);
    return (row, now, tree) => !equal(row, now, tree);
  }
  if (field.kind === 'flag') return (row, now) => value.as === 'flag' && flagOf(row, field, now) === value.flag;
  if (field.kind === 'time')
    return (row, now) => {
      const at = timeField(row, field);
      return value.as === 'time' && at > 0 && holds(at - timeAt(value, now), test);
    };
  if (field.kind === 'faultTime')
    return (row, now) => value.as === 'time' && faultTimes(row, field).some(at => holds(at - timeAt(value, now), test));
  if (field.kind === 'number') return row => value.as === 'number' && holds(numberOf(row, field) - value.number, test);
  return (row, now, tree) => textsOf(row, field, now, tree).some(text => holds(orderOf(text, value, now), test));
}

export function flagOf(row: DeviceRow, { name }: Field, now: number): boolean {
  if (name === 'unfinished') return isUnfinished(row);
  return name === 'restart' ? row.restart !== undefined : livenessOf(row, now) === name;
}

export function numberOf(row: DeviceRow, { name }: Field): number {
  if (name === 'tasks') return row.tasks.length;
  return name === 'faults' ? row.faults.length : (row.drift?.length ?? 0);
}

function exists(row: DeviceRow, field: Field, now: number, tree?: TreeLookup): boolean {
  if (field.kind === 'time') return timeField(row, field) > 0;
  if (field.kind === 'faultTime') return faultTimes(row, field).length > 0;
  if (field.kind === 'number') return numberOf(row, field) > 0;
  const texts = textsOf(row, field, now, tree);
  return field.kind === 'path' || field.kind === 'site' ? texts.length > 0 : texts.some(text => text !== '');
}

const faultTimes = (row: DeviceRow, { name }: Field): number[] =>
  row.faults.map(fault => (name === 'first' ? fault.first : fault.last));

/** The text of a fault by which it is found; '' where it has none. */
export const faultText = (fault: DeviceFault, name: string): string =>
  String(fault[name as 'code' | 'cause' | 'parameter'] ?? '');

export function timeField(row: DeviceRow, field: Field): number {
  switch (field.name) {
    case 'created':
      return row.created;
    case 'lastBoot':
      return row.lastBoot ?? 0;
    case 'rolloutDue':
      return row.rollout?.due ?? 0;
    case 'rolloutWave':
      return row.rollout?.wave ?? 0;
    default:
      return row.lastInform ?? 0;
  }
}

/** The texts of a field, each once: one, none if unknown, several for tags and faults. */
export function textsOf(row: DeviceRow, field: Field, now: number, tree?: TreeLookup): readonly string[] {
  if (field.kind === 'tag') return row.tags;
  if (field.kind === 'fault') return [...new Set(row.faults.map(fault => faultText(fault, field.name)))];
  if (field.kind === 'anySite') return Object.values(row.site);
  if (field.kind === 'path' && isWild(field.name)) return wildTexts(row, field.name, tree);
  const text = field.kind === 'liveness' ? livenessOf(row, now) : fieldText(row, field, tree);
  return text === undefined ? [] : [text];
}

/** The name of the device's own login that was offered last; '' for none. */
export const usernameOf = ({ credentials }: Pick<DeviceRow, 'credentials'>): string =>
  credentials?.next?.username ?? credentials?.username ?? '';

/** Values of the last Informs replace those of the tree, parameter by parameter. */
function wildTexts(row: DeviceRow, path: string, tree?: TreeLookup): string[] {
  const pattern = wildPattern(path);
  const cold = tree?.(path);
  const found = new Map(typeof cold === 'object' ? cold : []);
  for (const [name, value] of Object.entries(informValues(row))) if (pattern.test(name)) found.set(name, value);
  return [...found.values()];
}

const own = (from: Record<string, string>, name: string): string | undefined =>
  Object.hasOwn(from, name) ? from[name] : undefined;

function fieldText(row: DeviceRow, field: Field, tree?: TreeLookup): string | undefined {
  if (field.kind === 'path') {
    const cold = own(informValues(row), field.name) ?? tree?.(field.name);
    return typeof cold === 'string' ? cold : undefined;
  }
  if (field.kind === 'site') return own(row.site, field.name);
  switch (field.name) {
    case 'id':
      return row.id;
    case 'oui':
      return row.oui;
    case 'productClass':
      return row.productClass;
    case 'serial':
      return row.serialNumber;
    case 'manufacturer':
      return row.manufacturer;
    case 'firmware':
      return row.softwareVersion;
    case 'hardware':
      return row.hardwareVersion;
    case 'provisioningCode':
      return row.provisioningCode;
    case 'username':
      return usernameOf(row);
    case 'address':
      return row.address;
    case 'state':
      return row.state;
    case 'rollout':
      return row.rollout?.id ?? '';
    case 'rolloutState':
      return row.rollout?.state ?? '';
    case 'rolloutZone':
      return row.rollout?.zone ?? '';
    default:
      throw new UserError(400, 'bad-filter', `"${field.name}" is not a text field`);
  }
}
