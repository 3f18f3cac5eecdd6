// The faults of devices, as operators list and clear them.
import type { DeviceFault } from '../../device/fault.ts';
import { UserError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';

export const unknownFault = (id: string): UserError => new UserError(404, 'no-such-fault', `no fault '${id}'`);

export class Faults {
  readonly #context: Pick<FleetContext, 'store' | 'clock'>;

  constructor(context: Pick<FleetContext, 'store' | 'clock'>) {
    this.#context = context;
  }

  /** The first faults of devices that the caller reaches. */
  async list(caller: Caller, limit: number): Promise<readonly DeviceFault[]> {
    const { store, clock } = this.#context;
    const { within } = caller;
    return (await store.faults({ ...(within ? { filter: within } : {}), limit, now: clock.now() })).items;
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
  }
}
