// The faults of devices, as operators find, count and clear them.
import type { DeviceFault } from '../../device/fault.ts';
import { UserError } from '../../errors.ts';
import { bothFilters, type Filter } from '../../query/filter.ts';
import type { FaultGroup, FaultGroups } from '../../store/store.ts';
import { assertFaultField, type Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import { clearFaults } from './fault-clearing.ts';
import { groupFilter, groupKey, namedKeys } from './fault-groups.ts';
import { SharedAnswers } from './shared-answers.ts';

export const unknownFault = (id: string): UserError => new UserError(404, 'no-such-fault', `no fault '${id}'`);

/** Faults that a caller asks for, among those of the devices that it reaches. */
export interface FaultSearch {
  /** Over each fault (`fault.code`, …) and its device, as the caller may read it. */
  filter?: Filter;
  /** The key of a group. */
  group?: string;
}

export interface NamedGroup extends FaultGroup {
  /** The name and the text of each field that it was made by. */
  by: Record<string, string>;
  name: string;
  /** The latest of its faults; absent where it went meanwhile. */
  fault?: DeviceFault;
}

/** Pages look at the groups so often; tens of thousands of faults are counted once for all that look. */
const REST_MS = 5000;

export class Faults {
  readonly #context: Pick<FleetContext, 'store' | 'clock'>;
  readonly #groups: SharedAnswers<FaultGroups>;
  /** Number of clearings so far: counts that were made before the last one are not shared with callers after it. */
  #clearings = 0;

  constructor(context: Pick<FleetContext, 'store' | 'clock'>) {
    this.#context = context;
    this.#groups = new SharedAnswers(context.clock, 0, { restMs: REST_MS });
  }

  /** The latest first, unless `sort` says otherwise. @throws UserError 400, 403 */
  async list(
    search: FaultSearch & { sort?: string; limit: number; cursor?: string },
    caller: Caller,
  ): Promise<{ items: DeviceFault[]; next?: string }> {
    const { sort, limit, cursor } = search;
    if (sort) assertFaultField(caller, sort.replace(/^-/, ''));
    return await this.#context.store.faults({
      ...this.#among(search, caller),
      limit,
      ...(sort ? { sort } : {}),
      ...(cursor ? { cursor } : {}),
    });
  }

  /** @throws UserError 400, 403 */
  async count(search: FaultSearch, caller: Caller): Promise<number> {
    const { filter, now } = this.#among(search, caller);
    return await this.#context.store.countFaults(filter, now);
  }

  /** @param by names, separated by commas @throws UserError 400, 403 */
  async groups(
    search: FaultSearch & { by: string; limit: number },
    caller: Caller,
  ): Promise<Omit<FaultGroups, 'groups'> & { groups: NamedGroup[] }> {
    const { store } = this.#context;
    const by = namedKeys(search.by);
    for (const { name } of by) assertFaultField(caller, name);
    const { now, ...among } = this.#among(search, caller);
    const asked = { ...among, by: by.map(({ key }) => key), limit: search.limit };
    const question = JSON.stringify([this.#clearings, asked]);
    const found = await this.#groups.get(question, () => store.faultGroups({ ...asked, now }));
    const groups: NamedGroup[] = [];
    for (const group of found.groups) {
      const fault = await store.fault(group.latest);
      const texts = Object.fromEntries(by.map(({ name }, at) => [name, group.key[at] ?? '']));
      groups.push({ ...group, by: texts, name: groupKey(by, group.key), ...(fault ? { fault } : {}) });
    }
    return { ...found, groups };
  }

  /** @throws UserError 404 */
  async get(id: string): Promise<DeviceFault> {
    const found = await this.#context.store.fault(id);
    if (!found) throw unknownFault(id);
    return found;
  }

  /** The next session tries again. @throws UserError 404 */
  async clear(id: string): Promise<void> {
    const { device } = await this.get(id);
    await this.#context.store.apply(device, 'faultCleared', { id });
    this.#clearings++;
  }

  /** Clears the faults that fit now. @param expect their number, where the caller has counted them @throws UserError 400, 403, 409 */
  async clearAll(search: FaultSearch, expect: number | undefined, caller: Caller): Promise<number> {
    try {
      return await clearFaults(this.#context.store, { ...this.#among(search, caller), expect });
    } finally {
      this.#clearings++;
    }
  }

  #among(search: FaultSearch, caller: Caller): { filter?: Filter; now: number } {
    return { ...amongOf(search, caller), now: this.#context.clock.now() };
  }
}

/** The faults that a caller asks for, among those of the devices that it reaches. @throws UserError 400, 403 */
function amongOf({ filter: own, group }: FaultSearch, caller: Caller): { filter?: Filter } {
  let filter = bothFilters(own, caller.within);
  if (group !== undefined) {
    const { names, filter: within } = groupFilter(group);
    for (const name of names) assertFaultField(caller, name);
    filter = bothFilters(within, filter);
  }
  return filter ? { filter } : {};
}
