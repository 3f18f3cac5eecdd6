// The store as the ACS uses it: watched for disk trouble, and shared with the other processes of the cluster.

import { aloneAs, type Members } from '../fleet/common/members.ts';
import type { Secrets } from '../fleet/common/secrets.ts';
import { type JoinedCluster, joinCluster } from '../relay/join.ts';
import { type StoreHealth, watchStore } from '../store/health.ts';
import type { Store } from '../store/store.ts';
import type { AcsSetup, Part } from './setup.ts';

/** The store with its health. The store itself is closed by its owner. */
export function buildStore({ store, clock, log }: AcsSetup): Part & { store: Store; health: StoreHealth } {
  const watched = watchStore(store, { clock, log });
  return { ...watched, close: () => watched.health.stop() };
}

export interface Cluster extends Part {
  members: Members;
  /** Announces the changes of this process to the other members. */
  store: Store;
  /** Absent for the only process on a store. */
  joined?: JoinedCluster;
}

/** @throws what the store throws */
export async function buildCluster(
  { cluster, clock, log }: AcsSetup,
  store: Store,
  secrets: Secrets,
): Promise<Cluster> {
  if (!cluster) {
    // The owner's name stays the same over restarts, so the claims of a process that was killed are free at once.
    const members = aloneAs(secrets.keyFor('owner').toString('hex', 0, 6));
    return { members, store, close: () => undefined };
  }
  const joined = await joinCluster(cluster, { store, clock, log });
  return { members: joined.members, store: joined.store, joined, close: async () => await joined.close() };
}
