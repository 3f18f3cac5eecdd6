// CPEs that were heard without good credentials, in the memory of this process. Their identity is not verified.
import type { DeviceIdentity } from '../../device/row.ts';
import type { FleetContext } from '../common/context.ts';
import type { UnknownCpe } from '../common/unknown-cpe.ts';
import { deviceId } from '../devices/device-id.ts';

/** Beyond this number the oldest is forgotten. */
const MAX_UNKNOWN = 1000;
/** Of one address: whoever makes up serial numbers does not drive out those of others. */
const MAX_OF_ADDRESS = 200;

export class UnknownCpes {
  readonly #context: Pick<FleetContext, 'clock' | 'events'>;
  /** Admitted ones stay here unlisted: each session begins with a 401, which is no event the second time. */
  readonly #cpes = new Map<string, UnknownCpe & { admitted?: true }>();

  constructor(context: Pick<FleetContext, 'clock' | 'events'>) {
    this.#context = context;
  }

  /** Notes a CPE that has shown no good credentials. @param reason the judgement of its login */
  note(identity: DeviceIdentity, address: string, reason: string): void {
    const { clock, events } = this.#context;
    const id = deviceId(identity);
    const known = this.#cpes.get(id);
    const displaced = known ? undefined : this.#displacedAt(address);
    if (displaced !== undefined) this.#cpes.delete(displaced);
    const now = clock.now();
    this.#cpes.delete(id);
    const before = known?.admitted ? undefined : known;
    const count = (before?.count ?? 0) + 1;
    this.#cpes.set(id, { identity, device: id, address, first: before?.first ?? now, last: now, count, reason });
    if (this.#cpes.size > MAX_UNKNOWN) {
      const [oldest] = this.#cpes.keys();
      if (oldest !== undefined) this.#cpes.delete(oldest);
    }
    // One that displaces another of its address is listed, but told no more.
    if (!known && displaced === undefined) events.emit('knock', { device: id, address });
  }

  /** The oldest of an address that has too many. */
  #displacedAt(address: string): string | undefined {
    const own = [...this.#cpes.values()].filter(cpe => cpe.address === address && !cpe.admitted);
    return own.length >= MAX_OF_ADDRESS ? own[0]?.device : undefined;
  }

  /** The CPEs that were not admitted, the latest first. */
  list(): UnknownCpe[] {
    return [...this.#cpes.values()].filter(({ admitted }) => !admitted).reverse();
  }

  get(id: string): UnknownCpe | undefined {
    const cpe = this.#cpes.get(id);
    return cpe?.admitted ? undefined : cpe;
  }

  admit(id: string): void {
    const cpe = this.#cpes.get(id);
    if (cpe) cpe.admitted = true;
  }

  forget(id: string): void {
    this.#cpes.delete(id);
  }
}
