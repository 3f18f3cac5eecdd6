// Who is reachable where: the bindings of the registrar, each tied to the flow it was made over.
// A stream that closes takes its bindings along: nobody listens at a gateway's own port, so there is no other way to it.
import type { Clock, Timer } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { Flow } from '../shared/sip/flow-types.ts';
import { parseUri, type SipUri, sameUri } from '../shared/sip/uri.ts';

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

/** What one REGISTER asks for. */
export interface BindingChange {
  uri: string;
  q: number;
  /** 0 removes. */
  seconds: number;
}

export interface RegisterSource {
  flow: Flow;
  callId: string;
  sequence: number;
  userAgent: string | undefined;
}

export interface Location {
  /** Live bindings, highest q first, then the newest. */
  find(user: string): Binding[];
  /** The binding whose contact is that URI. */
  findContact(uri: SipUri): Binding | undefined;
  /**
   * Does all changes or none. RFC 3261 10.3 steps 6 and 7
   * @returns `late`: the same Call-ID had a higher CSeq; `full`: the table's bounds
   */
  apply(user: string, source: RegisterSource, changes: readonly BindingChange[]): 'ok' | 'late' | 'full';
  removeAll(user: string, source: RegisterSource): 'ok' | 'late';
  all(): Binding[];
  stop(): void;
}

export interface LocationOptions {
  clock: Clock;
  log: Log;
  /** Bindings in all; 100,000 by default. */
  maxBindings?: number;
  /** Bindings of one user; 10 by default. */
  maxPerUser?: number;
}

const SWEEP_MS = 10_000;

export function createLocation(options: LocationOptions): Location {
  const { clock, log, maxBindings = 100_000, maxPerUser = 10 } = options;
  const users = new Map<string, Binding[]>();
  /** Users bound over each flow, and how to stop watching it. */
  const byFlow = new Map<Flow, { served: Set<string>; unwatch: () => void }>();
  let total = 0;

  const live = (binding: Binding): boolean => binding.expires > clock.now() && !binding.flow.closed;
  const store = (user: string, bindings: Binding[]): void => {
    const before = users.get(user) ?? [];
    total += bindings.length - before.length;
    if (bindings.length > 0) users.set(user, bindings);
    else users.delete(user);
    for (const { flow } of before) if (!bindings.some(binding => binding.flow === flow)) release(flow, user);
  };
  const release = (flow: Flow, user: string): void => {
    const watched = byFlow.get(flow);
    if (!watched?.served.delete(user) || watched.served.size > 0) return;
    watched.unwatch();
    byFlow.delete(flow);
  };
  const prune = (user: string): void => {
    const before = users.get(user) ?? [];
    const after = before.filter(live);
    if (after.length === before.length) return;
    store(user, after);
    for (const gone of before) {
      if (!after.includes(gone)) log.info('binding ended', { user, contact: gone.uri, flowClosed: gone.flow.closed });
    }
  };
  const watch = (flow: Flow, user: string): void => {
    const known = byFlow.get(flow);
    if (known) {
      known.served.add(user);
      return;
    }
    const served = new Set([user]);
    const unwatch = flow.onClose(() => {
      byFlow.delete(flow);
      for (const one of served) prune(one);
    });
    if (!flow.closed) byFlow.set(flow, { served, unwatch });
  };
  const find = (user: string): Binding[] =>
    (users.get(user) ?? []).filter(live).sort((a, b) => b.q - a.q || b.since - a.since);
  const late = (bindings: readonly Binding[], source: RegisterSource): boolean =>
    bindings.some(binding => binding.callId === source.callId && binding.sequence >= source.sequence);

  let timer: Timer;
  const sweep = (): void => {
    for (const user of [...users.keys()]) prune(user);
    timer = clock.after(SWEEP_MS, sweep);
  };
  timer = clock.after(SWEEP_MS, sweep);

  return {
    find,
    findContact: uri => {
      const own = uri.user === undefined ? undefined : find(uri.user).find(binding => sameUri(binding.parsed, uri));
      if (own) return own;
      for (const user of users.keys()) {
        const match = find(user).find(binding => sameUri(binding.parsed, uri));
        if (match) return match;
      }
      return undefined;
    },
    apply: (user, source, changes) => {
      prune(user);
      let bindings = users.get(user) ?? [];
      for (const change of changes) {
        const parsed = parseUri(change.uri);
        const same = bindings.filter(binding => sameUri(binding.parsed, parsed));
        if (late(same, source)) return 'late';
        bindings = bindings.filter(binding => !same.includes(binding));
        if (change.seconds === 0) continue;
        const { uri, q, seconds } = change;
        const since = same[0]?.since ?? clock.now();
        bindings.push({ user, uri, parsed, q, ...source, since, expires: clock.now() + seconds * 1000 });
      }
      const grown = bindings.length - (users.get(user)?.length ?? 0);
      if (bindings.length > maxPerUser || (grown > 0 && total + grown > maxBindings)) return 'full';
      store(user, bindings);
      if (bindings.some(binding => binding.flow === source.flow)) watch(source.flow, user);
      return 'ok';
    },
    removeAll: (user, source) => {
      if (late(users.get(user) ?? [], source)) return 'late';
      store(user, []);
      return 'ok';
    },
    all: () => [...users.keys()].flatMap(find),
    stop: () => timer.cancel(),
  };
}
