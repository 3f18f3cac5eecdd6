// The caller of one operation: what its principal may see of devices and parameters. Operations read devices through it.

import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import { atomsOf, type Field, type Filter, pathsOf } from '../../query/filter.ts';
import { type PresetFilters, parseFilter } from '../../query/parser.ts';
import { devicesWithin, isWithin, type StoreContext } from './device-reach.ts';
import type { Principal } from './principal.ts';

export class Caller {
  readonly principal: Principal;
  /** Rights reach only some devices. */
  readonly isScoped: boolean;
  /** Text of the filter over devices; undefined for every device. */
  readonly scope: string | undefined;
  /** Filter that is and-ed to every search for devices; undefined for every device. */
  readonly within: Filter | undefined;
  readonly readsAll: boolean;
  readonly setsAll: boolean;
  readonly #context: StoreContext;

  constructor(context: StoreContext, principal: Principal) {
    const { devices, read, set } = principal.rights;
    this.#context = context;
    this.principal = principal;
    this.isScoped = devices !== undefined;
    this.scope = devices?.text;
    this.within = devices?.filter;
    this.readsAll = read === undefined;
    this.setsAll = set === undefined;
  }

  /** @param path a parameter, or a partial path for all below it */
  readonly mayRead = (path: string): boolean => this.principal.rights.read?.fits(path) ?? true;

  /** @param path a parameter, or a partial path for all below it; `*` for a part that is not known yet */
  readonly maySet = (path: string): boolean => this.principal.rights.set?.fits(path) ?? true;

  /** @throws UserError 403 `path-forbidden` that names the first path out of the rights */
  assertReads(paths: readonly string[]): void {
    refuse('read', paths, this.mayRead);
  }

  /** @throws UserError 403 `path-forbidden` that names the first path out of the rights */
  assertSets(paths: readonly string[]): void {
    refuse('set', paths, this.maySet);
  }

  /** Checks a filter that the caller wrote: parameters in it, and texts of faults, tell values. @throws UserError 400, 403 */
  readable(text: string, presets?: PresetFilters): Filter {
    const filter = parseFilter(text, presets);
    this.assertReads(pathsOf(filter));
    for (const { op, field } of atomsOf(filter))
      if (op !== 'exists' || field.kind === 'number') assertField(this, field);
    return filter;
  }

  /** @returns whether the device exists and the rights reach it */
  async sees(device: string): Promise<boolean> {
    if (!this.isScoped) return (await this.#context.store.device(device)) !== undefined;
    return (await this.seen([device])).has(device);
  }

  /** @returns those of the devices that the rights reach; without a scope all of them, existing or not */
  async seen(devices: readonly string[]): Promise<ReadonlySet<string>> {
    const { within } = this;
    return within ? await devicesWithin(this.#context, within, devices) : new Set(devices);
  }

  /** The entries that are about devices that the rights reach. */
  async seenOf<T>(entries: readonly T[], deviceOf: (entry: T) => string): Promise<readonly T[]> {
    if (!this.isScoped) return entries;
    const seen = await this.seen(entries.map(deviceOf));
    return entries.filter(entry => seen.has(deviceOf(entry)));
  }

  /** Refuses a change by which a device would leave the rights. @param row the device as it would be @throws UserError 403 `out-of-scope` */
  async assertKeeps(row: DeviceRow): Promise<void> {
    const { within, principal } = this;
    if (!within || (await isWithin(this.#context, within, row))) return;
    const reason = `${row.id}: the device would be outside of the rights of ${principal.name}`;
    throw new UserError(403, 'out-of-scope', reason);
  }
}

/** @throws UserError 403 */
function refuse(verb: 'read' | 'set', paths: readonly string[], isAllowed: (path: string) => boolean): void {
  const path = paths.find(each => !isAllowed(each));
  if (path !== undefined)
    throw new UserError(403, 'path-forbidden', `${path}: the rights do not allow to ${verb} this parameter`, { path });
}

/** Refuses a field whose order or values tell of parameters out of the rights. @throws UserError 403 `path-forbidden`, `parameters-forbidden` */
export function assertField(caller: Caller, { kind, name }: Field): void {
  if (kind === 'path') caller.assertReads([name]);
  if (kind === 'fault') assertFaultField(caller, name);
  if (kind !== 'number' || name !== 'drift' || caller.readsAll) return;
  const reason = `drift may be that of any parameter; the rights of ${caller.principal.name} allow only some`;
  throw new UserError(403, 'parameters-forbidden', reason);
}

/** Refuses to tell faults apart by a text of theirs that may name any parameter. @throws UserError 403 `parameters-forbidden` */
export function assertFaultField({ readsAll, principal }: Pick<Caller, 'readsAll' | 'principal'>, name: string): void {
  if (readsAll || (name !== 'cause' && name !== 'parameter')) return;
  const reason = `the ${name} of a fault may name any parameter; the rights of ${principal.name} allow only some`;
  throw new UserError(403, 'parameters-forbidden', reason);
}
