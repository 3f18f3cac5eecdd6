// The devices whose events are shown: those that fit a filter, asked of the store for many at once and remembered for a moment.

import { devicesWithin, type StoreContext } from '../../fleet/access/device-reach.ts';
import { RecentValues } from '../../fleet/common/recent-values.ts';
import type { Filter } from '../../query/filter.ts';

/** The time for which a device counts as fitting, or not, without another look, milliseconds. */
const KEPT_MS = 1000;
/** Devices that are remembered. */
const MAX_KEPT = 10_000;

interface Batch {
  ids: Set<string>;
  found: Promise<ReadonlySet<string>>;
}

export class DeviceFit {
  readonly #context: StoreContext;
  readonly #filter: Filter;
  readonly #kept = new RecentValues<{ fits: Promise<boolean>; until: number }>(MAX_KEPT);
  /** The next question to the store, while the one before it is answered. */
  #next: Batch | undefined;
  #asking: Promise<unknown> = Promise.resolve();

  constructor(context: StoreContext, filter: Filter) {
    this.#context = context;
    this.#filter = filter;
  }

  /** A store that does not answer fits nothing. */
  fits(device: string): Promise<boolean> {
    const now = this.#context.clock.monotonic();
    const known = this.#kept.get(device);
    if (known && known.until > now) return known.fits;
    const { found } = this.#joined(device);
    const fits = found.then(
      devices => devices.has(device),
      () => false,
    );
    this.#kept.set(device, { fits, until: now + KEPT_MS });
    return fits;
  }

  #joined(device: string): Batch {
    const ids = this.#next?.ids ?? new Set();
    ids.add(device);
    this.#next ??= { ids, found: this.#after(ids) };
    return this.#next;
  }

  #after(ids: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const found = this.#asking.then(async () => {
      this.#next = undefined;
      return await devicesWithin(this.#context, this.#filter, [...ids]);
    });
    this.#asking = found.catch(() => undefined);
    return found;
  }
}
