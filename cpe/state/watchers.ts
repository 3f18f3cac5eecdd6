// Listeners for changes of a configuration: the agent, for notifications to its ACS.
import { withEntry } from '../../shared/lists.ts';
import { templateOf, withInstances } from '../../shared/model/path.ts';
import type { Change, Source } from './changes.ts';
import type { Layers } from './tree/layers.ts';
import type { Tree } from './tree/tree.ts';

type Listener = (changes: Change[], source: Source) => void;

export class Watchers {
  readonly #layers: Layers;
  #listeners: Listener[] | undefined;

  constructor(layers: Layers) {
    this.#layers = layers;
  }

  /** Calls the listener after each commit. @returns ends the watch */
  watch(listener: Listener): () => void {
    this.#listeners = withEntry(this.#listeners, listener);
    return () => {
      this.#listeners = this.#listeners?.filter(entry => entry !== listener);
    };
  }

  /** Reports changes under all names of the values: also changes that the unit made by itself. */
  announce(changes: Change[], source: Source): void {
    if (changes.length === 0 || !this.#listeners) return;
    const all = changes.flatMap(change => [change, ...twinChanges(this.#layers.tree, change)]);
    for (const listener of this.#listeners) listener(all, source);
  }
}

/** The same change under the other names of the value. */
function twinChanges({ index }: Tree, change: Change): Change[] {
  const { template, instances } = templateOf(change.path);
  return (index.shownAs.get(template) ?? []).map(view => {
    const twin = index.twins.get(view);
    const show = (value: string): string => twin?.show(value) ?? value;
    const path = withInstances(view, twin?.shownAt(instances) ?? instances);
    return { path, before: show(change.before), value: show(change.value) };
  });
}
