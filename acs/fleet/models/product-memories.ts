// The facts that this process has heard of each product: those that it has seen, and those that are not written yet.
import { templateOf } from '../../../shared/model/path.ts';
import { joined, type LearnedEntries, type LearnedEntry, type Product } from './learned-model.ts';

/** Products, and facts of one product; beyond these they are learned again. */
const MAX_PRODUCTS = 200;
const MAX_SEEN = 50_000;

export interface ProductMemory {
  product: Product;
  /** Facts by kind and path, as devices told them. */
  seen: Set<string>;
  /** Facts that are not written yet. */
  fresh: LearnedEntries;
}

export class ProductMemories {
  readonly #memories = new Map<string, ProductMemory>();
  /** Products of which something is not written yet. */
  readonly waiting = new Set<ProductMemory>();

  /** @param kind how it was told: by `v`alue, `n`ame or `s`et, or by the fault `f9005` … */
  learn(row: Product, kind: string, path: string, entry: LearnedEntry | undefined): void {
    if (entry === undefined || path === '') return;
    const memory = this.#memoryOf(row);
    const fact = `${kind} ${path}${entry.refused ? ` ${entry.refused[0]}` : ''}`;
    if (memory.seen.has(fact)) return;
    if (memory.seen.size >= MAX_SEEN) memory.seen.clear();
    forgetOpposites(memory.seen, kind, path);
    memory.seen.add(fact);
    const { template } = templateOf(path);
    memory.fresh[template] = joined(memory.fresh[template], entry);
    this.waiting.add(memory);
  }

  #memoryOf({ oui, productClass, softwareVersion, manufacturer, root }: Product): ProductMemory {
    const key = `${oui} ${productClass} ${softwareVersion} ${root}`;
    const found = this.#memories.get(key);
    if (found) return found;
    if (this.#memories.size >= MAX_PRODUCTS)
      for (const oldest of this.#memories.keys()) {
        this.#memories.delete(oldest);
        break;
      }
    const product = { oui, productClass, softwareVersion, manufacturer, root };
    const memory: ProductMemory = { product, seen: new Set(), fresh: {} };
    this.#memories.set(key, memory);
    return memory;
  }
}

/** A name that was refused and is taken now, or the other way round, is news again. */
function forgetOpposites(seen: Set<string>, kind: string, path: string): void {
  const opposites = kind.startsWith('f') ? ['v', 'n', 's'] : ['f9005', 'f9008'];
  for (const opposite of opposites) seen.delete(`${opposite} ${path}`);
}
