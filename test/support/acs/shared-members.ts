// The part of a store that members of a fleet use, in memory, where writes of single members can be broken.
import type { Member, Store } from '../../../acs/store/store.ts';

/** The members of one store; `broken` holds the ids of those whose beats fail. */
export function sharedMembers(): Pick<Store, 'beat' | 'leave'> & { broken: Set<string> } {
  const members = new Map<string, Member>();
  const broken = new Set<string>();
  return {
    broken,
    beat: async ({ id, address }) => {
      if (broken.has(id)) throw new Error('the store is away');
      members.set(id, { id, address, beat: (members.get(id)?.beat ?? 0) + 1 });
      return [...members.values()];
    },
    leave: async id => {
      members.delete(id);
    },
  };
}
