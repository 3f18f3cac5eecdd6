// Live events across processes: each process tells the others its interest, and receives only matching events.
import { type AcsEvents, deviceOf, type EventBus, type EventName, type Interest } from '../events.ts';
import type { Members } from '../fleet/common/members.ts';
import type { Relay } from './relay.ts';

export class EventBridge {
  readonly #relay: Relay;
  readonly #members: Members;
  /** The interest of each other member. */
  readonly #interests = new Map<string, { all: boolean; devices: Set<string> }>();
  /** The version of the own interest that each member has received. */
  readonly #sent = new Map<string, number>();
  readonly #ends: (() => void)[];
  #interest: Interest = { all: false, devices: [] };
  #version = 0;
  #isDue = false;

  constructor(events: EventBus, relay: Relay, members: Members) {
    this.#relay = relay;
    this.#members = members;
    const endInterest = events.onInterest(interest => {
      this.#interest = interest;
      this.#version++;
      this.#sendSoon();
    });
    members.onChange(() => this.#sendSoon());
    relay.serve('interest', async ({ all, devices }, from) => {
      this.#interests.set(from, { all, devices: new Set(devices) });
      return undefined;
    });
    relay.serve('event', async ({ name, event }) => {
      events.hear(name, event);
      return undefined;
    });
    this.#ends = [endInterest, events.all((name, event) => this.#forward(name, event))];
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  #forward(name: EventName, event: AcsEvents[EventName]): void {
    if (this.#interests.size === 0) return;
    const device = deviceOf(event);
    for (const [member, { all, devices }] of this.#interests)
      if (all || (device !== undefined && devices.has(device))) this.#relay.tell(member, 'event', { name, event });
  }

  #sendSoon(): void {
    if (!this.#isDue) setImmediate(() => this.#sendInterest());
    this.#isDue = true;
  }

  #sendInterest(): void {
    this.#isDue = false;
    const others = this.#members.others().map(({ id }) => id);
    for (const member of [...this.#sent.keys(), ...this.#interests.keys()].filter(id => !others.includes(id))) {
      this.#sent.delete(member);
      this.#interests.delete(member);
    }
    for (const member of others) {
      // A new member needs no message while there was never an interest.
      if ((this.#sent.get(member) ?? 0) === this.#version) continue;
      this.#sent.set(member, this.#version);
      // A failed message is repeated when the members are checked next.
      this.#relay.call(member, 'interest', this.#interest).catch(() => this.#sent.delete(member));
    }
  }
}
