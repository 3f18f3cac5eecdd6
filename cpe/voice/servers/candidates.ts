// The addresses of one SIP server in the order in which they are tried, and those that are left alone for a while because they failed.
import type { Clock } from '../../../shared/clock.ts';
import type { Target } from '../../../shared/dns/locate.ts';

interface CandidatesOptions {
  clock: Clock;
  locate: () => Promise<readonly Target[]>;
  /** Time for which one that failed is not tried, as long as there is another. */
  holdMs: number;
}

const keyOf = ({ protocol, address, port }: Target): string => `${protocol} ${address} ${port}`;

export class Candidates {
  readonly #options: CandidatesOptions;
  #targets: readonly Target[] = [];
  /** When each of those that failed may be tried again, monotonic milliseconds. */
  readonly #held = new Map<string, number>();

  constructor(options: CandidatesOptions) {
    this.#options = options;
  }

  /** Looks the server up. @returns the targets to try: all, where each has failed */
  async find(): Promise<readonly Target[]> {
    this.#targets = await this.#options.locate();
    const usable = this.#targets.filter(target => this.#isUsable(target));
    return usable.length > 0 ? usable : this.#targets;
  }

  /** A target failed. */
  hold(target: Target): void {
    if (this.#targets.length < 2) return;
    const { clock, holdMs } = this.#options;
    this.#held.set(keyOf(target), clock.monotonic() + holdMs);
    for (const [key, until] of this.#held) if (until <= clock.monotonic()) this.#held.delete(key);
  }

  /** There is another target that may be tried now. */
  hasOther(target: Target | undefined): boolean {
    return this.#targets.some(other => (!target || keyOf(other) !== keyOf(target)) && this.#isUsable(other));
  }

  /** True for the target that comes first whenever it works. */
  isFirst(target: Target): boolean {
    const [first] = this.#targets;
    return first === undefined || keyOf(first) === keyOf(target);
  }

  /** The targets that come before this one, and may be tried again. */
  before(target: Target): readonly Target[] {
    const at = this.#targets.findIndex(other => keyOf(other) === keyOf(target));
    return this.#targets.slice(0, Math.max(0, at)).filter(other => this.#isUsable(other));
  }

  #isUsable(target: Target): boolean {
    return (this.#held.get(keyOf(target)) ?? 0) <= this.#options.clock.monotonic();
  }
}
