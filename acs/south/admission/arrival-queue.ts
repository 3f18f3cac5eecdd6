// The queue of Informs that wait for a place: in the order of their retries, and called devices in turn with all others.
import { RankedQueue } from './ranked-queue.ts';

/** An Inform at the entrance. */
export interface Arrival {
  /** A CPE that has tried more often has waited longer and comes first. */
  retryCount: number;
  /** It follows a connection request: an operator, or a rollout, waits for it. */
  isCalled: boolean;
}

/** TR-069 3.2.1.1 Table 3: from its tenth retry on a CPE always waits as long, so higher counts mean nothing more. */
const RETRIES = 10;
/** The rank of called devices, above those of all retries. */
const CALLED = RETRIES + 1;

const rankOf = ({ retryCount, isCalled }: Arrival): number => (isCalled ? CALLED : Math.min(retryCount, RETRIES));

export class ArrivalQueue<T> {
  readonly #ranked = new RankedQueue<{ isCalled: boolean; item: T }>(CALLED + 1);
  /** The last one that left for a place. */
  #wasCalled = false;

  get size(): number {
    return this.#ranked.size;
  }

  /** @returns takes the item out again; false when it has left already */
  add(arrival: Arrival, item: T): () => boolean {
    return this.#ranked.add(rankOf(arrival), { isCalled: arrival.isCalled, item });
  }

  /** Takes out the next one. Called devices are every second one: they do not wait behind a storm, and cannot hold it up. */
  next(): T | undefined {
    const next = (this.#wasCalled ? this.#ranked.next(CALLED) : undefined) ?? this.#ranked.next();
    this.#wasCalled = next?.isCalled === true;
    return next?.item;
  }

  /** Takes out the one that would be served last, where this one comes before it. */
  displace(arrival: Arrival): T | undefined {
    return this.#ranked.displace(rankOf(arrival))?.item;
  }
}
