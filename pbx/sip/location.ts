// The location service (RFC 3261 10.1): the bindings of the registrar, each tied to the flow it was made over. A stream that
// closes ends its bindings: a gateway does not listen at its own port, so there is no other way to it.
import type { Clock, Timer } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { parseUri, type SipUri, sameUri } from '../../shared/sip/uri.ts';

export interface Binding {
  readonly user: string;
  /** Contact URI as the user agent wrote it. */
  readonly uri: string;
  readonly parsed: SipUri;
  /** 0…1, for the order of contacts (RFC 3261 20.10). */
  readonly q: number;
  readonly flow: Flow;
  readonly callId: string;
  readonly sequence: number;
  readonly userAgent: string | undefined;
  readonly since: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** One change that a REGISTER asks for. */
export interface BindingChange {
  uri: string;
  q: number;
  /** 0 removes. */
  seconds: number;
}

interface RegisterSource {
  flow: Flow;
  callId: string;
  sequence: number;
  userAgent: string | undefined;
}

interface LocationOptions {
  clock: Clock;
  log: Log;
  /** Bindings in all; 100,000 by default. */
  maxBindings?: number;
  /** Bindings of one user; 10 by default. */
  maxPerUser?: number;
}

const SWEEP_MS = 10_000;

export class Location {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: { all: number; user: number };
  readonly #bindings = new BindingTable(user => this.#prune(user));
  #timer: Timer;

  constructor({ clock, log, maxBindings = 100_000, maxPerUser = 10 }: LocationOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#limits = { all: maxBindings, user: maxPerUser };
    this.#timer = this.#sweepLater();
  }

  /** Live bindings, highest q first, then the newest. */
  find(user: string): Binding[] {
    const live = this.#bindings.of(user).filter(binding => isLive(binding, this.#clock.now()));
    return live.sort((a, b) => b.q - a.q || b.since - a.since);
  }

  /** The binding whose contact is that URI; sip and sips name the same one (RFC 5630 4.1). */
  findContact(uri: SipUri): Binding | undefined {
    const matching = (user: string): Binding | undefined =>
      this.find(user).find(({ parsed }) => sameUri(parsed, { ...uri, scheme: parsed.scheme }));
    const users = uri.user === undefined ? this.#bindings.users() : [uri.user, ...this.#bindings.users()];
    for (const user of users) {
      const match = matching(user);
      if (match) return match;
    }
    return undefined;
  }

  /**
   * Does all changes or none. RFC 3261 10.3 steps 6 and 7
   * @returns `late`: the same Call-ID had a higher CSeq; `full`: the table's bounds
   */
  apply(user: string, source: RegisterSource, changes: readonly BindingChange[]): 'ok' | 'late' | 'full' {
    this.#prune(user);
    const before = this.#bindings.of(user);
    const bindings = changedBindings(before, user, source, changes, this.#clock.now());
    if (bindings === 'late') return 'late';
    const grown = bindings.length - before.length;
    const full = bindings.length > this.#limits.user || (grown > 0 && this.#bindings.size + grown > this.#limits.all);
    if (full) return 'full';
    this.#bindings.replace(user, bindings);
    if (bindings.some(binding => binding.flow === source.flow)) this.#bindings.watch(source.flow, user);
    return 'ok';
  }

  removeAll(user: string, source: RegisterSource): 'ok' | 'late' {
    if (isLate(this.#bindings.of(user), source)) return 'late';
    this.#bindings.replace(user, []);
    return 'ok';
  }

  all(): Binding[] {
    return [...this.#bindings.users()].flatMap(user => this.find(user));
  }

  stop(): void {
    this.#timer.cancel();
  }

  /** Removes the bindings that have expired or lost their flow. */
  #prune(user: string): void {
    for (const { uri, flow } of this.#bindings.keep(user, binding => isLive(binding, this.#clock.now()))) {
      this.#log.info('SIP binding ended', { user, contact: uri, flowClosed: flow.closed });
    }
  }

  #sweepLater(): Timer {
    return this.#clock.after(SWEEP_MS, () => {
      for (const user of [...this.#bindings.users()]) this.#prune(user);
      this.#timer = this.#sweepLater();
    });
  }
}

/** The bindings of all users, with a watch on the flows that carry them. */
class BindingTable {
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
}

const isLive = ({ expires, flow }: Binding, now: number): boolean => expires > now && !flow.closed;

/** A REGISTER with the Call-ID of a binding must have a higher CSeq. RFC 3261 10.3 step 7 */
const isLate = (bindings: readonly Binding[], source: RegisterSource): boolean =>
  bindings.some(binding => binding.callId === source.callId && binding.sequence >= source.sequence);

function changedBindings(
  before: readonly Binding[],
  user: string,
  source: RegisterSource,
  changes: readonly BindingChange[],
  now: number,
): Binding[] | 'late' {
  let bindings = [...before];
  for (const { uri, q, seconds } of changes) {
    const parsed = parseUri(uri);
    const same = bindings.filter(binding => sameUri(binding.parsed, parsed));
    if (isLate(same, source)) return 'late';
    bindings = bindings.filter(binding => !same.includes(binding));
    if (seconds === 0) continue;
    const since = same[0]?.since ?? now;
    bindings.push({ user, uri, parsed, q, ...source, since, expires: now + seconds * 1000 });
  }
  return bindings;
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

  release(flow: Flow, user: string): void {
    const watched = this.#watched.get(flow);
    if (!watched?.users.delete(user) || watched.users.size > 0) return;
    watched.unwatch();
    this.#watched.delete(flow);
  }
}
