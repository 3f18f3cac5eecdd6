// Places of which a bounded number is taken at a time, in the order in which they were asked for.
export class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  /** The first that still waits. */
  #next = 0;

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  free(): void {
    const next = this.#waiting[this.#next];
    if (next) {
      this.#next++;
      next();
    } else this.#free++;
  }
}
