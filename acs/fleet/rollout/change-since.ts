// Changes of a rollout or a job beside work on it, as by an operator who aborts it.
import type { DocumentKind, StoredDocument } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';

interface Documents {
  find(id: string): Promise<StoredDocument<{ id: string }> | undefined>;
}

/** @returns a test: has the document changed since it was read? It reads again only where some document of the kind has changed */
export function changeSince(
  { store, documents }: { store: Pick<Store, 'generation'>; documents: Documents },
  { body, generation }: StoredDocument<{ id: string }>,
  kind: DocumentKind = 'rollout',
): () => Promise<boolean> {
  let known = 0;
  return async () => {
    const newest = store.generation(kind);
    if (newest === known) return false;
    known = newest;
    return (await documents.find(body.id))?.generation !== generation;
  };
}
