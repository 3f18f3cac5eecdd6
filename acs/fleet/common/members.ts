// Members: the processes that serve one store. Each proves by heartbeats that it lives; what a member that is gone had claimed is free.
// Only a member's own clock counts: how long ago, by it, another's beat last grew.
import type { Clock, Random, Timer } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { Member, Store } from '../../store/store.ts';

export interface Members {
  /** Id of this process in claims and cookies, new with each start. */
  readonly self: string;
  /** No other process serves this store. */
  readonly alone: boolean;
  /** False while others may take this process for gone, because its own beats did not reach the store: then it refuses sessions. */
  isServing(): boolean;
  /** The other members that are not gone. */
  others(): Member[];
  /** @returns where a member is reached; undefined for one that is gone */
  addressOf(id: string): string | undefined;
  /** @returns whether a member has ended, so that nothing it claimed holds; the store is asked about one that is not known */
  isGone(id: string): Promise<boolean>;
  /** Notes that a member has certainly ended: its claims are free at once. */
  ended(id: string): Promise<void>;
  /** Calls after each heartbeat, which reads the members. */
  onChange(listener: () => void): void;
  /** Ends the heartbeats and says so: what this process claimed is free. */
  leave(): Promise<void>;
}

export const BEAT_MS = 2_000;
/** A member whose beat has not grown for longer is gone. */
export const LEASE_MS = 10_000;
/** A member whose own beats do not arrive stops before the others take it for gone, counted from when the last good one was sent. */
export const SERVING_MS = 7_000;
/** After this time a member that is gone is deleted; a process that slept for as long knows that it is gone. */
const FORGOTTEN_MS = 3_600_000;
const MAX_GONE = 10_000;

/** `NODE-RANDOM`: a restarted process of the same node knows its predecessors by it. */
export const memberId = (node: string, random: Random): string => `${node}-${random.bytes(6).toString('hex')}`;
export const nodeOf = (member: string): string => member.slice(0, member.lastIndexOf('-'));

/** The members of a store that one process serves. */
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
  /** Address at which the other members reach this process. */
  address: string;
  /** Members that certainly ended before this process began: they do not get the time of a lease. */
  isPredecessor?: (id: string) => boolean;
}

/** The other members, as they were at the last heartbeats. */
class OtherMembers {
  readonly #clock: Clock;
  readonly #known = new Map<string, Member & { grew: number }>();
  /** Ids that the store does not have. */
  readonly #gone = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param members all but this process */
  update(members: readonly Member[]): void {
    const now = this.#clock.monotonic();
    const before = new Map(this.#known);
    this.#known.clear();
    for (const member of members) {
      this.#gone.delete(member.id);
      const last = before.get(member.id);
      this.#known.set(member.id, { ...member, grew: last?.beat === member.beat ? last.grew : now });
    }
  }

  ids(): string[] {
    return [...this.#known.keys()];
  }

  isKnown(id: string): boolean {
    return this.#known.has(id);
  }

  isNoted(id: string): boolean {
    return this.#gone.has(id);
  }

  noteGone(id: string): void {
    this.#known.delete(id);
    if (this.#gone.size >= MAX_GONE) this.#gone.clear();
    this.#gone.add(id);
  }

  /** The beat of a known member has not grown for longer than that. */
  isStill(id: string, ms: number): boolean {
    const member = this.#known.get(id);
    return member !== undefined && this.#clock.monotonic() - member.grew > ms;
  }

  live(): Member[] {
    const live = [...this.#known.values()].filter(({ id }) => !this.isStill(id, LEASE_MS));
    return live.map(({ grew: _grew, ...member }) => member);
  }
}

/** The contact of this process to the store: lost when no heartbeat has arrived for a while. */
class StoreContact {
  readonly #clock: Clock;
  readonly #log: Log;
  /** The last heartbeat that arrived was sent then. */
  #heardAt = Number.NEGATIVE_INFINITY;
  #isReportedLost = false;

  constructor({ clock, log }: Joining) {
    this.#clock = clock;
    this.#log = log;
  }

  arrived(sent: number): void {
    this.#heardAt = Math.max(this.#heardAt, sent);
  }

  isLost(): boolean {
    return this.#clock.monotonic() - this.#heardAt > SERVING_MS;
  }

  /** Logs a change. */
  report(error: unknown = 'a heartbeat took too long'): void {
    const isLost = this.isLost();
    if (isLost && !this.#isReportedLost) this.#log.warn('store contact lost', { reason: messageOf(error) });
    if (!isLost && this.#isReportedLost) this.#log.info('store contact restored');
    this.#isReportedLost = isLost;
  }
}

class JoinedMembers implements Members {
  readonly alone = false;
  readonly self: string;
  readonly #joining: Joining;
  readonly #others: OtherMembers;
  readonly #listeners: (() => void)[] = [];
  readonly #contact: StoreContact;
  #hasLeft = false;
  #timer: Timer | undefined;

  constructor(joining: Joining) {
    this.#joining = joining;
    this.self = joining.self;
    this.#others = new OtherMembers(joining.clock);
    this.#contact = new StoreContact(joining);
  }

  readonly isServing: Members['isServing'] = () => !this.#hasLeft && !this.#contact.isLost();
  readonly others: Members['others'] = () => this.#others.live();
  readonly addressOf: Members['addressOf'] = id => this.others().find(member => member.id === id)?.address;
  readonly onChange: Members['onChange'] = listener => void this.#listeners.push(listener);

  /** @throws what the store throws */
  async join(): Promise<void> {
    await this.#beat();
    for (const id of this.#others.ids().filter(id => this.#joining.isPredecessor?.(id))) await this.ended(id);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer = this.#joining.clock.after(BEAT_MS, () => void this.#tick());
  }

  async #tick(): Promise<void> {
    try {
      await this.#beat();
      this.#contact.report();
      for (const id of this.#others.ids())
        if (this.#others.isStill(id, FORGOTTEN_MS)) await this.#joining.store.leave(id);
    } catch (error) {
      if (!this.#hasLeft) this.#contact.report(error);
    }
    if (!this.#hasLeft) this.#schedule();
  }

  async #beat(): Promise<void> {
    const { store, clock, self, address } = this.#joining;
    const sent = clock.monotonic();
    const members = await store.beat({ id: self, address });
    this.#contact.arrived(sent);
    this.#others.update(members.filter(({ id }) => id !== self));
    for (const listener of this.#listeners) listener();
  }

  async isGone(id: string): Promise<boolean> {
    if (id === this.self) return false;
    if (this.#others.isNoted(id)) return true;
    // It may have come since the last heartbeat: a member that claims anything has sent one before.
    if (!this.#others.isKnown(id)) await this.#beat();
    if (this.#others.isKnown(id)) return this.#others.isStill(id, LEASE_MS);
    this.#others.noteGone(id);
    return true;
  }

  async ended(id: string): Promise<void> {
    await this.#joining.store.leave(id);
    this.#others.noteGone(id);
  }

  async leave(): Promise<void> {
    this.#hasLeft = true;
    this.#timer?.cancel();
    // Where the store is away the others learn it when the lease ends; the process must end all the same.
    await this.#joining.store.leave(this.self).catch(() => undefined);
  }
}

/** Joins the members of a store; the store knows this process when it resolves. @throws what the store throws */
export async function joinMembers(joining: Joining): Promise<Members> {
  const members = new JoinedMembers(joining);
  await members.join();
  return members;
}
