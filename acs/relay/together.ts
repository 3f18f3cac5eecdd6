// This process as one of several that serve a fleet: its relay, its place among the members, and what the others may ask of it.
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { EventBus } from '../events.ts';
import type { FleetContext } from '../fleet/context.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { joinMembers, type Members, nodeOf } from '../fleet/members.ts';
import { openRelay, type Relay } from '../relay.ts';
import type { Forward } from '../south/elsewhere.ts';
import type { South } from '../south/listener.ts';
import type { Store } from '../store/store.ts';
import { bridgeEvents } from './bridge.ts';

export interface Place {
  /** Of this process, new with each start (`memberId`). */
  self: string;
  /** Where other machines reach the relay; only this machine does unless told. */
  relay?: { host: string; port: number };
  /** The only process of its node, or the first: earlier ones of that node have ended. */
  first: boolean;
}

export interface Together {
  members: Members;
  relay: Relay;
  /** What the fleet needs to reach sessions elsewhere. */
  ports: Required<Pick<FleetContext['ports'], 'giveUp' | 'notice'>>;
  forward: Forward;
  /** Answers the others from now on. */
  serve(parts: { fleet: Fleet; south: South; events: EventBus }): void;
  close(): Promise<void>;
}

/** The session has up to this to come to its end; the CPE waits for it. */
const GIVE_UP_MS = 8_000;
/** A POST may wait for the store, and for the session to make up its mind. */
const POST_MS = 60_000;

/** @throws what listening or the store throws; nothing stays open then */
export async function joinFleet(
  place: Place,
  context: { store: Store; clock: Clock; random: Random; log: Log; key: Buffer },
): Promise<Together> {
  const { self, first } = place;
  let members: Members | undefined;
  const relay = await openRelay({
    ...context,
    self,
    addressOf: member => members?.addressOf(member),
    ...(place.relay ? { listen: place.relay } : {}),
  });
  try {
    members = await joinMembers({
      ...{ ...context, self, address: relay.address },
      ...(first ? { isPredecessor: id => nodeOf(id) === nodeOf(self) } : {}),
    });
  } catch (error) {
    await relay.close();
    throw error;
  }
  const joined = members;
  joined.onChange(() => relay.keepOnly(joined.others().map(({ id }) => id)));
  const closing: (() => void)[] = [];
  return {
    members: joined,
    relay,
    ports: {
      giveUp: async (member, device, claim) => await relay.call(member, 'giveUp', { device, claim }, GIVE_UP_MS),
      notice: async (member, device) => await relay.call(member, 'notice', { device }),
    },
    forward: async (member, post) => await relay.call(member, 'post', post, POST_MS),
    serve: ({ fleet, south, events }) => {
      relay.serve('post', async post => await south.answer(post));
      relay.serve('giveUp', async ({ device, claim }) => {
        await fleet.visits.giveUp(device, claim);
        return undefined;
      });
      relay.serve('notice', async ({ device }) => fleet.visits.isAsked(device));
      closing.push(bridgeEvents(events, relay, joined));
    },
    close: async () => {
      for (const step of closing) step();
      await joined.leave();
      await relay.close();
    },
  };
}
