// The bus over several processes: each tells the others what it wants to hear of, and is told that alone.
import { deviceOf, type EventBus, type Interest } from '../events.ts';
import type { Members } from '../fleet/common/members.ts';
import type { Relay } from './relay.ts';

export function bridgeEvents(events: EventBus, relay: Relay, members: Members): () => void {
  const wanted = new Map<string, { all: boolean; devices: Set<string> }>();
  /** Who was told the interest as it is now. */
  const told = new Map<string, number>();
  let interest: Interest = { all: false, devices: [] };
  let version = 0;
  let due = false;

  const tell = (): void => {
    due = false;
    const others = members.others().map(({ id }) => id);
    for (const member of [...told.keys(), ...wanted.keys()].filter(id => !others.includes(id))) {
      told.delete(member);
      wanted.delete(member);
    }
    for (const member of others) {
      // Nobody need be told that nothing is wanted, until something was.
      if ((told.get(member) ?? 0) === version) continue;
      told.set(member, version);
      // Who could not be told is told with the next look at the members.
      relay.call(member, 'interest', interest).catch(() => told.delete(member));
    }
  };
  const soon = (): void => {
    if (!due) setImmediate(tell);
    due = true;
  };
  const stopInterest = events.onInterest(now => {
    interest = now;
    version++;
    soon();
  });
  members.onChange(soon);

  relay.serve('interest', async ({ all, devices }, from) => {
    wanted.set(from, { all, devices: new Set(devices) });
    return undefined;
  });
  relay.serve('event', async ({ name, event }) => {
    events.hear(name, event);
    return undefined;
  });
  const stopEvents = events.all((name, event) => {
    if (wanted.size === 0) return;
    const device = deviceOf(event);
    for (const [member, { all, devices }] of wanted)
      if (all || (device !== undefined && devices.has(device))) relay.tell(member, 'event', { name, event });
  });
  return () => {
    stopInterest();
    stopEvents();
  };
}
