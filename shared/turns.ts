// Breaks in long work of one process, so that other work gets its turn of the event loop.
import { setImmediate as turn } from 'node:timers/promises';

/** Characters of JSON that are read or written without a break: a few milliseconds. */
export const PORTION = 256 * 1024;

/** Counts the work that was done, and takes a break after each portion. */
export class Turns {
  readonly #portion: number;
  readonly #onBreak: (() => void) | undefined;
  #done = 0;

  /** @param portion units of work without a break @param onBreak called before each break */
  constructor(portion = PORTION, onBreak?: () => void) {
    this.#portion = portion;
    this.#onBreak = onBreak;
  }

  /** Notes work that was done. Resolves at once, or after a break. */
  async spent(units: number): Promise<void> {
    this.#done += units;
    if (this.#done < this.#portion) return;
    this.#done = 0;
    this.#onBreak?.();
    await turn();
  }
}

/** Makes something of each item, with a break after each portion of them. */
export async function mapInTurns<T, R>(items: readonly T[], portion: number, make: (item: T) => R): Promise<R[]> {
  const turns = new Turns(portion);
  const made: R[] = [];
  for (const item of items) {
    made.push(make(item));
    await turns.spent(1);
  }
  return made;
}
