// Changes of a rollout beside work on it, as by an operator who aborts it.
import type { RolloutContext } from './context.ts';
import type { StoredRollout } from './documents.ts';

/** @returns a test: has the rollout changed since it was read? It reads again only where some rollout has changed */
export function changeSince(
  { store, documents }: Pick<RolloutContext, 'store' | 'documents'>,
  { body, generation }: StoredRollout,
): () => Promise<boolean> {
  let known = 0;
  return async () => {
    const newest = store.generation('rollout');
    if (newest === known) return false;
    known = newest;
    return (await documents.find(body.id))?.generation !== generation;
  };
}
