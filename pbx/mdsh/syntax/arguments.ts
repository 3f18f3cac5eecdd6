// The options of a command: as they stand in a line, and as values that were read and checked.
import type { Value } from './values.ts';

/** An option as it stands in a line, by its long name. */
export interface Given {
  name: string;
  value?: string;
  /** True for `+s`. */
  isPlus?: true;
  /** Column of the option, and of its value. */
  at: number;
  valueAt: number;
}

/** Values of the options that were given. */
export class Arguments {
  readonly #values: ReadonlyMap<string, Value>;
  readonly #plus: ReadonlySet<string>;

  constructor(values: ReadonlyMap<string, Value>, plus: ReadonlySet<string> = new Set()) {
    this.#values = values;
    this.#plus = plus;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** True for `+s`. */
  isPlus(name: string): boolean {
    return this.#plus.has(name);
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.#values.get(name);
    return typeof value === 'boolean' ? value : undefined;
  }

  list(name: string): readonly string[] | undefined {
    const value = this.#values.get(name);
    return Array.isArray(value) ? (value as readonly string[]) : undefined;
  }
}
