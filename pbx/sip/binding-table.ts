// The bindings of all users by user and by flow.
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { Binding } from './bindings.ts';

/** The bindings of all users, with a watch on the flows that carry them. */
export class BindingTable {
  readonly #users = new Map<string, Binding[]>();
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

  users(): Iterable<string> {
    return this.#users.keys();
  }

  of(user: string): Binding[] {
    return this.#users.get(user) ?? [];
  }

  replace(user: string, bindings: Binding[]): void {
    const before = this.of(user);
    this.#size += bindings.length - before.length;
    if (bindings.length > 0) this.#users.set(user, bindings);
    else this.#users.delete(user);
    for (const { flow } of before)
      if (!bindings.some(binding => binding.flow === flow)) this.#flows.release(flow, user);
  }

  /** Keeps those that pass. Returns the others. */
  keep(user: string, passes: (binding: Binding) => boolean): Binding[] {
    const before = this.of(user);
    const after = before.filter(passes);
    if (after.length !== before.length) this.replace(user, after);
    return before.filter(binding => !after.includes(binding));
  }

  watch(flow: Flow, user: string): void {
    this.#flows.watch(flow, user);
  }

  usersOver(flow: Flow): string[] {
    return this.#flows.users(flow);
  }
}

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
