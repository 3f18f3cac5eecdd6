// The facts that this process has heard of each product: those that it has seen, and those that are not written yet.
import { templateOf } from '../../../shared/model/path.ts';
import { ownText } from '../../../shared/own-text.ts';
import { joined, type LearnedEntries, type LearnedEntry, type Product } from './learned-model.ts';

/** Products, and facts of one product; beyond these they are learned again. */
const MAX_PRODUCTS = 200;
const MAX_SEEN = 50_000;

export interface ProductMemory {
  product: Product;
  /** Paths by kind of fact, as devices told them. */
  seen: Map<string, Set<string>>;
  /** Number of facts in `seen`. */
  count: number;
  /** Facts that are not written yet. */
  fresh: LearnedEntries;
}

export class ProductMemories {
  readonly #memories = new Map<string, ProductMemory>();
  /** Products of which something is not written yet. */
  readonly waiting = new Set<ProductMemory>();

  /** @param kind how it was told: by `v`alue, `n`ame or `s`et, or by the fault `f9005` … */
  learn(memory: ProductMemory, kind: string, path: string, entry: LearnedEntry | undefined): void {
    if (entry === undefined || path === '') return;
    const fact = entry.refused ? `${path} ${entry.refused[0]}` : path;
    if (memory.seen.get(kind)?.has(fact)) return;
    if (memory.count >= MAX_SEEN) forget(memory);
    forgetOpposites(memory, kind, path);
    const known = memory.seen.get(kind) ?? new Set();
    memory.seen.set(kind, known.add(ownText(fact)));
    memory.count++;
    const { template } = templateOf(path);
    memory.fresh[template] = joined(memory.fresh[template], entry);
    this.waiting.add(memory);
  }

  /** The memory of a device's product. */
  of({ oui, productClass, softwareVersion, manufacturer, root }: Product): ProductMemory {
    const key = `${oui} ${productClass} ${softwareVersion} ${root}`;
    const found = this.#memories.get(key);
    if (found) return found;
    if (this.#memories.size >= MAX_PRODUCTS)
      for (const oldest of this.#memories.keys()) {
        this.#memories.delete(oldest);
        break;
      }
    const product = { oui, productClass, softwareVersion, manufacturer, root };
    const memory: ProductMemory = { product, seen: new Map(), count: 0, fresh: {} };
    this.#memories.set(key, memory);
    return memory;
  }
}

/** Has all facts of a product learned again. */
export function forget(memory: ProductMemory): void {
  memory.seen.clear();
  memory.count = 0;
}

/** A name that was refused and is taken now, or the other way round, is news again. */
function forgetOpposites(memory: ProductMemory, kind: string, path: string): void {
  const opposites = kind.startsWith('f') ? ['v', 'n', 's'] : ['f9005', 'f9008'];
  for (const opposite of opposites) if (memory.seen.get(opposite)?.delete(path)) memory.count--;
}
