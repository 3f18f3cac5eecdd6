// Chunks of known values that count no more: they are deleted later, those of many devices at once, so that a reader which has just learned
// of them still finds them. What a process that is killed leaves goes with its device.
import type { Timer } from '../../../../shared/clock.ts';
import type { Collections } from '../collections.ts';
import type { Link } from '../link.ts';

const DELETE_MS = 2000;
const BATCH = 500;

export class UnusedChunks {
  readonly #link: Link;
  readonly #treeChunks: Collections['treeChunks'];
  readonly #ids: string[] = [];
  #deleting: Timer | undefined;

  constructor(link: Link, { treeChunks }: Collections) {
    this.#link = link;
    this.#treeChunks = treeChunks;
  }

  add(ids: readonly string[]): void {
    this.#ids.push(...ids);
    if (ids.length > 0) this.#deleting ??= this.#link.clock.after(DELETE_MS, () => this.#link.keep(this.delete()));
  }

  async delete(): Promise<void> {
    this.#deleting?.cancel();
    this.#deleting = undefined;
    while (this.#ids.length > 0) {
      const batch = this.#ids.splice(0, BATCH);
      await this.#link.retry(() => this.#treeChunks.deleteMany({ _id: { $in: batch } })).catch(() => undefined);
    }
  }
}
