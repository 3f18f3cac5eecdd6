// The stores of crash runs. A run needs an empty store, and the options that name it to the server.
import { dropMongo, freshMongo, mongoNeeds } from '../support/acs/mongo.ts';
import { missing, type Needs } from '../support/servers/peers.ts';

export interface CrashStore {
  name: string;
  needs: Needs;
  /** An empty store. @returns the server's options for it, and how it is removed */
  open(): Promise<{ args: string[]; close(): Promise<void> }>;
}

export const stores: readonly CrashStore[] = [
  {
    name: 'SQLite',
    needs: {},
    // It lies in the data directory, which each run has of its own.
    open: async () => ({ args: [], close: async () => undefined }),
  },
  {
    name: 'MongoDB',
    needs: mongoNeeds,
    // Writes that a killed process has sent may still arrive: its database outlives it.
    open: async () => {
      const url = await freshMongo();
      return { args: ['--store', url], close: () => dropMongo(url) };
    },
  },
];

/** Declares a suite for each store that is at hand. */
export function onEachStore(suite: (store: CrashStore) => void): void {
  for (const store of stores)
    describe(`on ${store.name}`, () => {
      const lacking = missing(store.needs);
      if (lacking.length > 0) return void it(`skipped: needs ${lacking.join(', ')}`);
      suite(store);
    });
}
