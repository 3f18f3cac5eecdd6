// Values that are made from the documents of a kind, and made again after any document of the kind has changed.
import type { DocumentKind } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';

export class CachedDocuments<T> {
  readonly #store: Pick<Store, 'generation'>;
  readonly #kind: DocumentKind;
  readonly #make: () => Promise<T>;
  #cached: { generation: number; value: T } | undefined;

  /** @param make reads the documents and makes the value */
  constructor(store: Pick<Store, 'generation'>, kind: DocumentKind, make: () => Promise<T>) {
    this.#store = store;
    this.#kind = kind;
    this.#make = make;
  }

  async get(): Promise<T> {
    const generation = this.#store.generation(this.#kind);
    if (this.#cached?.generation === generation) return this.#cached.value;
    const value = await this.#make();
    this.#cached = { generation, value };
    return value;
  }
}
