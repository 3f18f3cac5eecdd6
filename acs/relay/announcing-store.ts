// A store that announces changes of shared documents (presets, files, settings) to the other processes before it answers. A process
// that cannot be reached finds out within seconds.
import type { Members } from '../fleet/common/members.ts';
import type { DocumentKind } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { Relay } from './relay.ts';

/** The longest wait for the other processes. */
const ANNOUNCE_MS = 1_000;

export function announcingStore(store: Store, relay: Relay, members: Members): Store {
  const { refresh } = store;
  if (!refresh) return store;
  relay.serve('changed', async () => {
    await refresh();
    return undefined;
  });
  const announce = async (kind: DocumentKind): Promise<void> => {
    // Documents of duties change often, and are read from the store each time.
    if (kind === 'duty') return;
    await Promise.allSettled(members.others().map(({ id }) => relay.call(id, 'changed', {}, ANNOUNCE_MS)));
  };
  return {
    ...store,
    putDocument: async (kind, ...rest) => {
      const generation = await store.putDocument(kind, ...rest);
      await announce(kind);
      return generation;
    },
    deleteDocument: async (kind, ...rest) => {
      const found = await store.deleteDocument(kind, ...rest);
      if (found) await announce(kind);
      return found;
    },
  };
}
