// Reads bits and whole octets of one encoding, and counts the values of the message against a limit.
import { H323Error } from '../error.ts';

/** Values in a message: more than any real one has, few enough to decode in a millisecond or two. */
const MOST_VALUES = 20_000;

interface Budget {
  values: number;
}

export class BitReader {
  readonly #bytes: Buffer;
  readonly #budget: Budget;
  /** In bits. */
  #at = 0;

  constructor(bytes: Buffer, budget: Budget = { values: MOST_VALUES }) {
    this.#bytes = bytes;
    this.#budget = budget;
  }

  /** A reader of an encoding inside this one; its values count too. */
  inside(bytes: Buffer): BitReader {
    return new BitReader(bytes, this.#budget);
  }

  countValue(): void {
    this.#budget.values -= 1;
    if (this.#budget.values < 0) throw new H323Error(`more than ${MOST_VALUES} values in a message`);
  }

  /** @param count 32 at most */
  bits(count: number): number {
    this.#need(count);
    let value = 0;
    for (let left = count; left > 0; ) {
      const free = 8 - (this.#at & 7);
      const taken = Math.min(free, left);
      const octet = this.#bytes[this.#at >> 3] ?? 0;
      value = value * 2 ** taken + ((octet >> (free - taken)) & ((1 << taken) - 1));
      this.#at += taken;
      left -= taken;
    }
    return value;
  }

  bit(): boolean {
    return this.bits(1) === 1;
  }

  align(): void {
    this.#at = (this.#at + 7) & ~7;
  }

  /** From an octet boundary; a view of the input, not a copy. */
  octets(count: number): Buffer {
    this.align();
    this.#need(count * 8);
    const from = this.#at >> 3;
    this.#at += count * 8;
    return this.#bytes.subarray(from, from + count);
  }

  #need(bits: number): void {
    if (this.#at + bits > this.#bytes.length * 8) throw new H323Error('the encoding ends within this value');
  }
}
