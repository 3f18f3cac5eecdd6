// Stable names for what changes from run to run: `{id1}` for the first task id, `{rev1}` for the first revision, and so on. Commands
// may use a name where the product expects the value.

const patterns: readonly [kind: string, pattern: RegExp][] = [
  ['hash', /\b[0-9a-f]{64}\b/g],
  ['id', /\b[0-9a-f]{24}\b/g],
  ['fault', /\b[0-9a-f]{20}\b/g],
  ['rev', /\b[0-9a-f]{16}\b/g],
];

export class Names {
  readonly #values = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** Gives `value` a name, unless it has one. @returns the name with its braces */
  name(kind: string, value: string): string {
    const known = this.#values.get(value);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return this.fix(`{${kind}${count}}`, value);
  }

  /** Sets the name of a value that has none yet. */
  fix(name: string, value: string): string {
    if (!this.#values.has(value)) this.#values.set(value, name);
    return this.#values.get(value) ?? name;
  }

  /** Sets the name of a value, unless the name has one already. */
  once(name: string, value: string): void {
    if (![...this.#values.values()].includes(name)) this.fix(name, value);
  }

  /** Replaces values by names; ids, revisions and hashes that were not seen before get theirs here. */
  hide(text: string): string {
    let hidden = text;
    for (const [value, name] of this.#values) hidden = hidden.replaceAll(value, name);
    for (const [kind, pattern] of patterns) hidden = hidden.replace(pattern, value => this.name(kind, value));
    return hidden.replace(/(\/files\/[^/\s]+\/)[\w-]{20,}(?=\/)/g, '$1{tag}');
  }

  /** Replaces names by their values, the newest where a name has several. */
  reveal(text: string): string {
    let revealed = text;
    for (const [value, name] of [...this.#values].reverse()) revealed = revealed.replaceAll(name, value);
    return revealed;
  }
}
