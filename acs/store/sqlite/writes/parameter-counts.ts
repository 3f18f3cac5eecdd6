// Numbers of parameters of devices in SQLite, by which their growth is limited.
import type { KnownValue } from '../../../device/parameter.ts';
import { parameterLimit } from '../../parameter-limit.ts';
import type { Statements } from '../statements.ts';

/** Devices whose number is remembered. */
const MAX_COUNTS = 20_000;

export class ParameterCounts {
  readonly #statements: Statements;
  /** The most that a device can have, by device: a tree is counted only where it may have reached its limit. */
  readonly #most = new Map<number, number>();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** @returns the exact number before the values are put, where they may be too many; undefined where they surely fit */
  before(pk: number, values: readonly KnownValue[], most: number | undefined): number | undefined {
    const noted = this.#most.get(pk);
    if (most === undefined) {
      if (noted !== undefined) this.#most.set(pk, noted + values.length);
      return undefined;
    }
    const before = noted !== undefined && noted + values.length <= most ? noted : this.#count(pk);
    if (this.#most.size >= MAX_COUNTS) this.#most.clear();
    this.#most.set(pk, before + values.length);
    return before + values.length <= most ? undefined : before;
  }

  /** A tree that is beyond the limit already may not grow, and may change. @throws UserError 413 */
  check(pk: number, before: number | undefined, most = Number.POSITIVE_INFINITY): void {
    if (before === undefined) return;
    const after = this.#count(pk);
    this.#most.set(pk, after);
    if (after > most && after > before) throw parameterLimit(after, most);
  }

  /** Forgets all numbers after a rollback. */
  forget(): void {
    this.#most.clear();
  }

  #count(pk: number): number {
    return this.#statements.one<{ n: number }>('SELECT count(*) AS n FROM parameters WHERE device = ?', pk)?.n ?? 0;
  }
}
