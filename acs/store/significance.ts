// The significance of a count: Fisher's exact test, one-sided (R. A. Fisher, "On the interpretation of χ² from contingency tables, and the
// calculation of P", Journal of the Royal Statistical Society 85, 1922). It is exact for small sets too.

/** Of `whole` devices `marked` have a value; `drawn` devices are the first set, and `hits` of them have it. */
export interface Draw {
  hits: number;
  drawn: number;
  marked: number;
  whole: number;
}

/** Terms below this part of the sum change nothing that is shown. */
const NEGLIGIBLE = 1e-12;

export class LogFactorials {
  readonly #logs: Float64Array;

  /** @param most the largest number of devices */
  constructor(most: number) {
    this.#logs = new Float64Array(most + 1);
    for (let n = 2; n <= most; n++) this.#logs[n] = (this.#logs[n - 1] ?? 0) + Math.log(n);
  }

  /** log10 of the probability of at least so many hits by chance: the upper tail of the hypergeometric distribution. */
  log10Tail({ hits, drawn, marked, whole }: Draw): number {
    const most = Math.min(drawn, marked);
    if (hits <= Math.max(0, drawn + marked - whole)) return 0;
    const first = this.#choose(marked, hits) + this.#choose(whole - marked, drawn - hits) - this.#choose(whole, drawn);
    let term = 1;
    let sum = 1;
    for (let k = hits; k < most && term > sum * NEGLIGIBLE; k++) {
      term *= ((marked - k) * (drawn - k)) / ((k + 1) * (whole - marked - drawn + k + 1));
      sum += term;
    }
    return Math.min(0, (first + Math.log(sum)) / Math.LN10);
  }

  #choose(n: number, k: number): number {
    const logs = this.#logs;
    return (logs[n] ?? 0) - (logs[k] ?? 0) - (logs[n - k] ?? 0);
  }
}
