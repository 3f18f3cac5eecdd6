// Rights as data: the operations that a role allows, the devices that it reaches, and the parameters that may be read and set.
import { UserError } from '../../errors.ts';
import { type Filter, passingPart } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import { checkPatterns, type PathRule, pathRule } from '../../query/path-rule.ts';

/** Built-in roles in ascending order: each includes the rights of the ones before it. */
export const levels = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof levels)[number];

/** Names that stand for operations by their effect; operations of the admin must be named one by one. */
export const effects = ['read', 'write'] as const;

/** A role of one's own, as it is stored: kind `role`. */
export interface RoleInput {
  /** Names of operations, `read` for all that change nothing, `write` for all others, but for those that need the admin. */
  operations: string[];
  /** Filter over lasting properties; default: every device. */
  devices?: string;
  /** Parameters by path, by partial path, or with `*` for one part; default: every parameter. */
  parameters?: { read?: string[]; set?: string[] };
}

/** The devices that rights reach. */
export interface DeviceScope {
  filter: Filter;
  /** The same as text, which tells whether two scopes are the same. */
  text: string;
}

export interface Rights {
  /** The built-in role; undefined for a role of one's own. */
  level?: Role;
  /** Operations of a role of one's own, by name and by effect. */
  operations?: ReadonlySet<string>;
  /** Absent: every device. */
  devices?: DeviceScope;
  /** Absent: every parameter. */
  read?: PathRule;
  set?: PathRule;
}

/** The facts of an operation that rights are about. */
export interface OperationFacts {
  name: string;
  /** The lowest built-in role that has it. */
  role: Role;
  /** It changes nothing. */
  isRead: boolean;
}

export const isLevel = (role: string): role is Role => (levels as readonly string[]).includes(role);

export const includesLevel = (level: Role, needed: Role): boolean => levels.indexOf(level) >= levels.indexOf(needed);

/** @returns whether rights allow an operation at all; the devices and parameters of a call are judged apart */
export function allowsOperation({ level, operations }: Rights, { name, role, isRead }: OperationFacts): boolean {
  if (level) return includesLevel(level, role);
  return operations !== undefined && (operations.has(name) || (role !== 'admin' && operations.has(effectOf(isRead))));
}

const effectOf = (isRead: boolean): (typeof effects)[number] => (isRead ? 'read' : 'write');

/** Rights that reach everything, as those of the admin. */
export const isUnlimited = ({ level, devices, read, set }: Rights): boolean =>
  level === 'admin' && devices === undefined && read === undefined && set === undefined;

/** @returns whether both allow the same; a role that was written again counts as another one */
export const isSameRights = (a: Rights, b: Rights): boolean =>
  a.level === b.level &&
  a.operations === b.operations &&
  a.devices?.text === b.devices?.text &&
  a.read === b.read &&
  a.set === b.set;

/** @param place names the filter in errors @throws UserError 400 */
export function scopeOf(place: string, text: string): DeviceScope {
  const filter = parseFilter(text);
  const passing = passingPart(filter);
  if (passing !== undefined)
    throw new UserError(
      400,
      'bad-filter',
      `${place}: "${passing}" changes by itself; rights depend on lasting properties only`,
    );
  return { filter, text };
}

/** The devices that both scopes reach. */
export function bothScopes(one: DeviceScope | undefined, other: DeviceScope | undefined): DeviceScope | undefined {
  if (!one || !other) return one ?? other;
  return { filter: { op: 'and', of: [one.filter, other.filter] }, text: `(${one.text}) and (${other.text})` };
}

/** @throws UserError 400 that names the place */
export function rightsOfRole({ operations, devices, parameters = {} }: RoleInput): Rights {
  const { read, set } = parameters;
  if (read) checkPatterns('parameters.read', read);
  if (set) checkPatterns('parameters.set', set);
  return {
    operations: new Set(operations),
    ...(devices === undefined ? {} : { devices: scopeOf('devices', devices) }),
    ...(read ? { read: pathRule(read) } : {}),
    ...(set ? { set: pathRule(set) } : {}),
  };
}
