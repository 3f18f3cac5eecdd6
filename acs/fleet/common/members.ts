// The processes that serve one store: each says with beats that it lives, and what one that is gone had claimed is free. Nobody's
// clock counts but one's own: how long ago, by it, another's beat last grew.
import type { Clock, Random, Timer } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { Member, Store } from '../../store/store.ts';

export interface Members {
  /** This process: in claims, in cookies, new with each start. */
  readonly self: string;
  /** No other process serves this store. */
  readonly alone: boolean;
  /** False while others may take this process for gone, because its own beats did not reach the store: then it serves nobody. */
  isServing(): boolean;
  /** The others that are not gone. */
  others(): Member[];
  /** Where a member that is not gone is reached; undefined for any other. */
  addressOf(id: string): string | undefined;
  /** Whether a member has ended, so that nothing it claimed holds. Of one that is not known the store is asked. */
  isGone(id: string): Promise<boolean>;
  /** Someone else has ended, surely: its claims are free at once. */
  ended(id: string): Promise<void>;
  /** Calls after each look at the members. */
  onChange(listener: () => void): void;
  /** Beats no more, and says so: what this process claimed is free. */
  leave(): Promise<void>;
}

export const BEAT_MS = 2_000;
/** Whose beat stands still for longer is gone. */
export const LEASE_MS = 10_000;
/** Whose own beats do not arrive stops before the others take it for gone, counted from when the last good one was sent. */
export const SERVING_MS = 7_000;
/** Then nobody needs to know of it any more; a process that slept for as long has long known that it is gone. */
const FORGOTTEN_MS = 3_600_000;
const MAX_GONE = 10_000;

/** `NODE-RANDOM`: a restarted process of the same node knows its predecessors by it. */
export const memberId = (node: string, random: Random): string => `${node}-${random.bytes(6).toString('hex')}`;
export const nodeOf = (member: string): string => member.slice(0, member.lastIndexOf('-'));

/** The only process of its store. */
export const aloneAs = (self: string): Members => ({
  self,
  alone: true,
  isServing: () => true,
  others: () => [],
  addressOf: () => undefined,
  isGone: async () => false,
  ended: async () => undefined,
  onChange: () => undefined,
  leave: async () => undefined,
});

export interface Joining {
  store: Pick<Store, 'beat' | 'leave'>;
  clock: Clock;
  log: Log;
  self: string;
  /** Where the others reach this process. */
  address: string;
  /** Ended before this process began, surely: they do not get the time of a lease. */
  isPredecessor?: (id: string) => boolean;
}

/** Known to the store when this resolves. @throws what the store throws */
export async function joinMembers({ store, clock, log, self, address, isPredecessor }: Joining): Promise<Members> {
  const known = new Map<string, Member & { grew: number }>();
  /** Members that were looked for and are not there. */
  const gone = new Set<string>();
  const listeners: (() => void)[] = [];
  let goodSince = Number.NEGATIVE_INFINITY;
  let silent = false;
  let left = false;
  let timer: Timer | undefined;

  const isStill = (member: { grew: number }, ms: number): boolean => clock.monotonic() - member.grew > ms;
  const live = (id: string): (Member & { grew: number }) | undefined => {
    const member = known.get(id);
    return member && !isStill(member, LEASE_MS) ? member : undefined;
  };

  const learn = (members: readonly Member[]): void => {
    const now = clock.monotonic();
    const before = new Map(known);
    known.clear();
    for (const member of members) {
      gone.delete(member.id);
      if (member.id === self) continue;
      const last = before.get(member.id);
      known.set(member.id, { ...member, grew: last?.beat === member.beat ? last.grew : now });
    }
    for (const listener of listeners) listener();
  };

  const beat = async (): Promise<void> => {
    const asked = clock.monotonic();
    const members = await store.beat({ id: self, address });
    goodSince = Math.max(goodSince, asked);
    learn(members);
  };

  const said = (error: unknown = 'a beat took too long'): void => {
    const isSilent = clock.monotonic() - goodSince > SERVING_MS;
    if (isSilent && !silent)
      log.error('the store does not hear this process: it serves nobody until it does', { reason: messageOf(error) });
    if (!isSilent && silent) log.info('the store hears this process again');
    silent = isSilent;
  };

  const forget = async (): Promise<void> => {
    for (const member of known.values()) if (isStill(member, FORGOTTEN_MS)) await store.leave(member.id);
  };

  const tick = async (): Promise<void> => {
    try {
      await beat();
      said();
      await forget();
    } catch (error) {
      if (!left) said(error);
    }
    if (!left) timer = clock.after(BEAT_MS, () => void tick());
  };

  const remove = async (id: string): Promise<void> => {
    await store.leave(id);
    known.delete(id);
    if (gone.size >= MAX_GONE) gone.clear();
    gone.add(id);
  };

  await beat();
  for (const id of [...known.keys()].filter(id => isPredecessor?.(id))) await remove(id);
  timer = clock.after(BEAT_MS, () => void tick());
  return {
    self,
    alone: false,
    isServing: () => !left && clock.monotonic() - goodSince <= SERVING_MS,
    others: () => [...known.keys()].flatMap(id => live(id) ?? []).map(({ grew: _grew, ...member }) => member),
    addressOf: id => live(id)?.address,
    isGone: async id => {
      if (id === self) return false;
      if (gone.has(id)) return true;
      // It may have come since the last look: whoever claims anything has beaten before.
      if (!known.has(id)) await beat();
      const member = known.get(id);
      if (member) return isStill(member, LEASE_MS);
      if (gone.size >= MAX_GONE) gone.clear();
      gone.add(id);
      return true;
    },
    ended: async id => await remove(id),
    onChange: listener => {
      listeners.push(listener);
    },
    leave: async () => {
      left = true;
      timer?.cancel();
      await store.leave(self);
    },
  };
}
