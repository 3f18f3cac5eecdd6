// Joins this process to the cluster that serves one store: its relay, its membership, and the calls that it answers.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { EventBus } from '../events.ts';
import type { FleetContext } from '../fleet/common/context.ts';
import { joinMembers, type Members, nodeOf } from '../fleet/common/members.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { South } from '../south/listener.ts';
import type { Forward } from '../south/session-forwarding.ts';
import type { Store } from '../store/store.ts';
import { announcingStore } from './announcing-store.ts';
import { EventBridge } from './event-bridge.ts';
import type { Relay } from './relay.ts';

export interface ClusterPlace {
  /** The relay at which the others reach this process. The caller closes it. */
  relay: Relay;
  /** The member whose worker this process is. Absent for the only or primary process of a node, whose earlier processes have ended. */
  primary?: string;
}

export interface JoinedCluster {
  members: Members;
  relay: Relay;
  /** Announces the changes of this process. */
  store: Store;
  /** Reach sessions and memory of other members. */
  ports: Required<Pick<FleetContext['ports'], 'yieldSession' | 'notice' | 'askMemory'>> &
    Pick<FleetContext['ports'], 'rolloutMoved'>;
  forward: Forward;
  /** From now on answers the calls of the others. */
  serve(parts: { fleet: Fleet; south: South; events: EventBus }): void;
  close(): Promise<void>;
}

/** The time for a session to end; the CPE waits meanwhile. */
const GIVE_UP_MS = 8_000;
/** The time for a forwarded POST, which may wait for the store and for the session's next request. */
const POST_MS = 60_000;

/** @throws what the store throws */
export async function joinCluster(
  place: ClusterPlace,
  context: { store: Store; clock: Clock; log: Log },
): Promise<JoinedCluster> {
  const { relay, primary } = place;
  const { self, address } = relay;
  const joined = await joinMembers({
    ...{ ...context, self, address },
    ...(primary === undefined ? { isPredecessor: id => nodeOf(id) === nodeOf(self) } : {}),
  });
  relay.reach(id => joined.addressOf(id));
  joined.onChange(() => relay.keepOnly(joined.others().map(({ id }) => id)));
  let bridge: EventBridge | undefined;
  return {
    members: joined,
    store: announcingStore(context.store, relay, joined),
    relay,
    ports: {
      yieldSession: async (member, device, claim) => await relay.call(member, 'giveUp', { device, claim }, GIVE_UP_MS),
      askMemory: async (member, what, args) => await relay.call(member, what, args as never),
      notice: async (member, device) => await relay.call(member, 'notice', { device }),
      ...(primary === undefined ? {} : { rolloutMoved: () => relay.tell(primary, 'rolloutMoved', {}) }),
    },
    forward: async (member, post) => await relay.call(member, 'post', post, POST_MS),
    serve: ({ fleet, south, events }) => {
      relay.serve('post', async post => await south.answer(post));
      relay.serve('giveUp', async ({ device, claim }) => {
        await fleet.sessions.yieldSession(device, claim);
        return undefined;
      });
      relay.serve('notice', async ({ device }) => fleet.sessions.isAsked(device));
      relay.serve('rolloutMoved', async () => {
        fleet.rollouts.soon();
        fleet.jobs.soon();
        return undefined;
      });
      serveMemory(relay, fleet.clusterMemory);
      bridge = new EventBridge(events, relay, joined);
    },
    close: async () => {
      bridge?.close();
      await joined.leave();
    },
  };
}

function serveMemory(relay: Relay, { answers }: Fleet['clusterMemory']): void {
  relay.serve('trace', async args => answers.trace(args));
  relay.serve('untrace', async args => answers.untrace(args));
  relay.serve('traced', async args => answers.traced(args));
  relay.serve('knocking', async args => answers.knocking(args));
  relay.serve('unknock', async args => answers.unknock(args));
}
