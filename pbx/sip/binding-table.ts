// The bindings of all users by user, by contact and by flow.
import type { Flow } from '../../shared/sip/flow-types.ts';
import { type SipUri, unescapeUser } from '../../shared/sip/uri.ts';
import type { Binding } from './bindings.ts';

/** The bindings of all users, with a watch on the flows that carry them. */
export class BindingTable {
  readonly #users = new Map<string, Binding[]>();
  readonly #contacts = new ContactIndex();
  readonly #flows: FlowWatch;
  #size = 0;

  /** @param onFlowClosed called for each user that was bound over the flow */
  constructor(onFlowClosed: (user: string) => void) {
    this.#flows = new FlowWatch(onFlowClosed);
  }

  /** Number of bindings of all users. */
  get size(): number {
    return this.#size;
  }

  users(): Iterator<string> {
    return this.#users.keys();
  }

  lists(): Iterable<readonly Binding[]> {
    return this.#users.values();
  }

  of(user: string): Binding[] {
    return this.#users.get(user) ?? [];
  }

  replace(user: string, bindings: Binding[]): void {
    const before = this.of(user);
    this.#size += bindings.length - before.length;
    if (bindings.length > 0) this.#users.set(user, bindings);
    else this.#users.delete(user);
    for (const binding of before) {
      if (!bindings.includes(binding)) this.#contacts.remove(binding);
      if (!bindings.some(({ flow }) => flow === binding.flow)) this.#flows.release(binding.flow, user);
    }
    for (const binding of bindings) if (!before.includes(binding)) this.#contacts.add(binding);
  }

  /** Bindings whose contact may be that URI: user, host and port are the same. */
  near(uri: SipUri): readonly Binding[] {
    return this.#contacts.near(uri);
  }

  /** Keeps those that pass. Returns the others. */
  keep(user: string, passes: (binding: Binding) => boolean): Binding[] {
    const before = this.of(user);
    if (before.every(passes)) return [];
    const after = before.filter(passes);
    this.replace(user, after);
    return before.filter(binding => !after.includes(binding));
  }

  watch(flow: Flow, user: string): void {
    this.#flows.watch(flow, user);
  }

  usersOver(flow: Flow): string[] {
    return this.#flows.users(flow);
  }
}

/** The bindings by the parts of their contact that no parameter changes (RFC 3261 19.1.4). */
class ContactIndex {
  readonly #bindings = new Map<string, Binding[]>();

  add(binding: Binding): void {
    const key = contactKey(binding.parsed);
    this.#bindings.set(key, [...(this.#bindings.get(key) ?? []), binding]);
  }

  remove(binding: Binding): void {
    const key = contactKey(binding.parsed);
    const others = (this.#bindings.get(key) ?? []).filter(one => one !== binding);
    if (others.length > 0) this.#bindings.set(key, others);
    else this.#bindings.delete(key);
  }

  near(uri: SipUri): readonly Binding[] {
    return this.#bindings.get(contactKey(uri)) ?? [];
  }
}

const contactKey = ({ user, host, port }: SipUri): string =>
  `${unescapeUser(user ?? '')}@${host.toLowerCase()}:${port ?? ''}`;

/** The users that are bound over each flow; one listener a flow, while it has users. */
class FlowWatch {
  readonly #onClose: (user: string) => void;
  readonly #watched = new Map<Flow, { users: Set<string>; unwatch: () => void }>();

  constructor(onClose: (user: string) => void) {
    this.#onClose = onClose;
  }

  watch(flow: Flow, user: string): void {
    const known = this.#watched.get(flow);
    if (known) {
      known.users.add(user);
      return;
    }
    const users = new Set([user]);
    const unwatch = flow.onClose(() => {
      this.#watched.delete(flow);
      for (const one of users) this.#onClose(one);
    });
    if (!flow.closed) this.#watched.set(flow, { users, unwatch });
  }

  users(flow: Flow): string[] {
    return [...(this.#watched.get(flow)?.users ?? [])];
  }

  release(flow: Flow, user: string): void {
    const watched = this.#watched.get(flow);
    if (!watched?.users.delete(user) || watched.users.size > 0) return;
    watched.unwatch();
    this.#watched.delete(flow);
  }
}
