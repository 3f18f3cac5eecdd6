// Audio in blocks of one length, whatever the packets are that it comes in.

export class Blocks {
  readonly #block: Int16Array;
  #filled = 0;

  /** @param length samples of a block */
  constructor(length: number) {
    this.#block = new Int16Array(length);
  }

  /** The blocks that become full with these samples; each is overwritten by the next. */
  *take(samples: Int16Array): Generator<Int16Array> {
    for (let at = 0; at < samples.length; ) {
      const count = Math.min(samples.length - at, this.#block.length - this.#filled);
      this.#block.set(samples.subarray(at, at + count), this.#filled);
      at += count;
      this.#filled += count;
      if (this.#filled < this.#block.length) return;
      this.#filled = 0;
      yield this.#block;
    }
  }
}
