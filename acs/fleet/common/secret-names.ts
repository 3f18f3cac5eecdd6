// The one place that decides what is secret: by the name, by the data models, by what an operator has named, and by the presets that put a
// secret site field into a parameter. The verdict on a path is found once and kept.
import { isSecretName } from '../../../shared/model/secret-names.ts';
import { ownText } from '../../../shared/own-text.ts';
import { isWild, wildPattern } from '../../query/wildcard.ts';

/** Verdicts that are kept. */
const MOST = 50_000;

export interface SecretRules {
  /** Paths of the models with `{i}` for instance numbers. */
  hidden: ReadonlySet<string>;
  /** Names of fields, parameters or arguments in any case; full or partial paths, also with `*`. */
  named: readonly string[];
}

/** A part of the rules in the store. */
export interface SecretSource<T> {
  /** A number that changes with what `load` reads. */
  generation(): number;
  load(): Promise<T>;
}

/** Instance numbers of a path as `{i}`. */
export const templateOf = (path: string): string => path.replace(/\.\d+(?=\.)/g, '.{i}');

export class SecretNames {
  readonly #rules = new Followed<SecretRules>({ hidden: new Set(), named: [] });
  readonly #filled = new Followed<ReadonlySet<string>>(new Set());
  #named: readonly ((name: string, last: string) => boolean)[] = [];
  readonly #verdicts = new Map<string, boolean>();
  /** Verdicts on paths whatever their instance numbers, as far as no operator has named any. */
  readonly #templates = new Map<string, boolean>();
  #version = 0;

  /** A number that changes with the rules. */
  get version(): number {
    return this.#version;
  }

  /** A parameter, argument, site field or column of that name holds a secret: it is sealed at rest, and never shown or logged. */
  readonly has = (name: string): boolean => {
    const known = this.#verdicts.get(name);
    if (known !== undefined) return known;
    const filled = this.#filled.value;
    const verdict = this.isByItself(name) || (filled.size > 0 && filled.has(templateOf(name)));
    if (this.#verdicts.size >= MOST) this.#verdicts.clear();
    this.#verdicts.set(ownText(name), verdict);
    return verdict;
  };

  /** The same, whatever presets put into it: so the texts of presets are judged. */
  readonly isByItself = (name: string): boolean => {
    if (this.#isByTemplate(templateOf(name))) return true;
    if (this.#named.length === 0) return false;
    const lower = name.toLowerCase();
    const last = lower.slice(lower.lastIndexOf('.') + 1);
    return this.#named.some(test => test(lower, last));
  };

  follow(source: SecretSource<SecretRules>): void {
    this.#rules.source = source;
  }

  /** @param source the parameters, with `{i}`, that presets fill with secret site fields; it is loaded after the rules */
  followFilled(source: SecretSource<ReadonlySet<string>>): void {
    this.#filled.source = source;
  }

  /** The rules in the store are others than those that hold here. */
  isStale(): boolean {
    return this.#rules.isStale() || this.#filled.isStale();
  }

  /** Takes over the rules as they are in the store. Sessions and calls of the API begin with it. */
  async refresh(): Promise<void> {
    if (!this.isStale()) return;
    const isOther = await this.#rules.load();
    if (isOther) {
      this.#named = this.#rules.value.named.map(testOf);
      this.#verdicts.clear();
      this.#templates.clear();
    }
    await this.#filled.load(isOther);
    this.#verdicts.clear();
    this.#version++;
  }

  #isByTemplate(template: string): boolean {
    const known = this.#templates.get(template);
    if (known !== undefined) return known;
    const verdict = isSecretName(template) || this.#rules.value.hidden.has(template);
    if (this.#templates.size >= MOST) this.#templates.clear();
    this.#templates.set(ownText(template), verdict);
    return verdict;
  }
}

/** A part of the rules, as it was loaded last. */
class Followed<T> {
  source: SecretSource<T> | undefined;
  value: T;
  #generation = 0;

  constructor(value: T) {
    this.value = value;
  }

  isStale(): boolean {
    return this.source !== undefined && this.source.generation() !== this.#generation;
  }

  /** @returns whether it was loaded */
  async load(isForced = false): Promise<boolean> {
    if (!this.source || !(isForced || this.isStale())) return false;
    const generation = this.source.generation();
    this.value = await this.source.load();
    this.#generation = generation;
    return true;
  }
}

function testOf(entry: string): (name: string, last: string) => boolean {
  const lower = entry.toLowerCase();
  if (isWild(lower)) {
    const pattern = wildPattern(lower);
    return name => pattern.test(name);
  }
  if (lower.endsWith('.')) return name => name.startsWith(lower);
  return (name, last) => name === lower || last === lower;
}
