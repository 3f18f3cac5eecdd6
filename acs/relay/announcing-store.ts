// What one process changes for all (presets, files, settings) is known to the others before the change is answered, where they can be
// reached; else they find it out within seconds.
import type { Members } from '../fleet/common/members.ts';
import type { DocumentKind } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { Relay } from './relay.ts';

/** So long one waits for the others. */
const TELL_MS = 1_000;

/** The same store, whose changes are told. */
export function tellingStore(store: Store, relay: Relay, members: Members): Store {
  const { refresh } = store;
  if (!refresh) return store;
  relay.serve('changed', async () => {
    await refresh();
    return undefined;
  });
  const tell = async (kind: DocumentKind): Promise<void> => {
    // Who does what when is written down often, and read anew each time.
    if (kind === 'duty') return;
    await Promise.allSettled(members.others().map(({ id }) => relay.call(id, 'changed', {}, TELL_MS)));
  };
  return {
    ...store,
    putDocument: async (kind, ...rest) => {
      const generation = await store.putDocument(kind, ...rest);
      await tell(kind);
      return generation;
    },
    deleteDocument: async (kind, name) => {
      const found = await store.deleteDocument(kind, name);
      if (found) await tell(kind);
      return found;
    },
  };
}
