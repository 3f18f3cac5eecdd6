// Live events across processes: each process tells the others its interest, and receives only matching events.
import { deviceOf, type EventBus, type Interest } from '../events.ts';
import type { Members } from '../fleet/common/members.ts';
import type { Relay } from './relay.ts';

export function bridgeEvents(events: EventBus, relay: Relay, members: Members): () => void {
  /** The interest of each other member. */
  const interests = new Map<string, { all: boolean; devices: Set<string> }>();
  /** The version of the own interest that each member has received. */
  const sent = new Map<string, number>();
  let interest: Interest = { all: false, devices: [] };
  let version = 0;
  let due = false;

  const sendInterest = (): void => {
    due = false;
    const others = members.others().map(({ id }) => id);
    for (const member of [...sent.keys(), ...interests.keys()].filter(id => !others.includes(id))) {
      sent.delete(member);
      interests.delete(member);
    }
    for (const member of others) {
      // A new member needs no message while there was never an interest.
      if ((sent.get(member) ?? 0) === version) continue;
      sent.set(member, version);
      // A failed message is repeated when the members are checked next.
      relay.call(member, 'interest', interest).catch(() => sent.delete(member));
    }
  };
  const soon = (): void => {
    if (!due) setImmediate(sendInterest);
    due = true;
  };
  const stopInterest = events.onInterest(now => {
    interest = now;
    version++;
    soon();
  });
  members.onChange(soon);

  relay.serve('interest', async ({ all, devices }, from) => {
    interests.set(from, { all, devices: new Set(devices) });
    return undefined;
  });
  relay.serve('event', async ({ name, event }) => {
    events.hear(name, event);
    return undefined;
  });
  const stopEvents = events.all((name, event) => {
    if (interests.size === 0) return;
    const device = deviceOf(event);
    for (const [member, { all, devices }] of interests)
      if (all || (device !== undefined && devices.has(device))) relay.tell(member, 'event', { name, event });
  });
  return () => {
    stopInterest();
    stopEvents();
  };
}
