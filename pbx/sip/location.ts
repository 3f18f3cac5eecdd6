// The location service (RFC 3261 10.1): the bindings of the registrar, each tied to the flow it was made over. A stream that
// closes ends its bindings: a gateway does not listen at its own port, so there is no other way to it.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { type SipUri, sameUri } from '../../shared/sip/uri.ts';
import { BindingTable } from './binding-table.ts';
import { type Binding, changedBindings, isLate, isLive, type Registration } from './bindings.ts';
import { Sweeps } from './sweeps.ts';

interface LocationOptions {
  clock: Clock;
  log: Log;
  /** Bindings in all; 100,000 by default. */
  maxBindings?: number;
  /** Bindings of one user; 10 by default. */
  maxPerUser?: number;
}

export class Location {
  readonly #options: Required<LocationOptions>;
  readonly #bindings = new BindingTable(user => this.#prune(user));
  readonly #sweeps: Sweeps;

  constructor(options: LocationOptions) {
    this.#options = { maxBindings: 100_000, maxPerUser: 10, ...options };
    const users = { all: () => this.#bindings.users(), size: () => this.#bindings.size };
    this.#sweeps = new Sweeps(options.clock, users, user => this.#prune(user));
  }

  /** Live bindings, highest q first, then the newest. */
  find(user: string): Binding[] {
    return this.#live(this.#bindings.of(user));
  }

  /** The binding whose contact is that URI, of its own user before others; sip and sips name the same one (RFC 5630 4.1). */
  findContact(uri: SipUri): Binding | undefined {
    const same = this.#live(this.#bindings.near(uri)).filter(({ parsed }) =>
      sameUri(parsed, { ...uri, scheme: parsed.scheme }),
    );
    return same.find(({ user }) => user === uri.user) ?? same[0];
  }

  /**
   * Does all changes or none. RFC 3261 10.3 steps 6 and 7
   * @returns `late`: the same Call-ID had a higher CSeq; `full`: the table's bounds
   */
  apply(registration: Registration): 'ok' | 'late' | 'full' {
    const { user, source, most = Number.POSITIVE_INFINITY } = registration;
    const { maxBindings, maxPerUser } = this.#options;
    this.#prune(user);
    const bounds = { most: Math.min(most, maxPerUser), room: maxBindings - this.#bindings.size };
    const bindings = changedBindings(this.#bindings.of(user), registration, bounds, this.#options.clock.now());
    if (bindings === 'late' || bindings === 'full') return bindings;
    this.#bindings.replace(user, bindings);
    if (bindings.some(binding => binding.flow === source.flow)) this.#bindings.watch(source.flow, user);
    return 'ok';
  }

  removeAll(user: string, source: Pick<Binding, 'callId' | 'sequence'>): 'ok' | 'late' {
    if (isLate(this.#bindings.of(user), source)) return 'late';
    this.#bindings.replace(user, []);
    return 'ok';
  }

  /** Ends those bindings of a user that pass. Returns how many. */
  end(user: string, passes: (binding: Binding) => boolean = () => true): number {
    const ended = this.#bindings.keep(user, binding => !passes(binding));
    for (const { uri, row } of ended)
      this.#options.log.info('SIP registration ended by the exchange', { user, contact: uri, row });
    return ended.length;
  }

  usersOver(flow: Flow): string[] {
    return this.#bindings.usersOver(flow);
  }

  all(): Binding[] {
    const all: Binding[] = [];
    for (const bindings of this.#bindings.lists()) for (const binding of this.#live(bindings)) all.push(binding);
    return all;
  }

  stop(): void {
    this.#sweeps.stop();
  }

  /** Removes the bindings that have expired or lost their flow. */
  #prune(user: string): void {
    for (const { uri, flow } of this.#bindings.keep(user, binding => isLive(binding, this.#options.clock.now())))
      this.#options.log.info('SIP binding ended', { user, contact: uri, flowClosed: flow.closed });
  }

  #live(bindings: readonly Binding[]): Binding[] {
    const now = this.#options.clock.now();
    const live = bindings.filter(binding => isLive(binding, now));
    return live.length < 2 ? live : live.sort((a, b) => b.q - a.q || b.since - a.since);
  }
}

/** The user is registered over that flow. */
export const isBound = (location: Location, user: string, flow: Flow): boolean =>
  location.find(user).some(binding => binding.flow === flow);

/** Users that are registered over that flow. */
export const boundOver = (location: Location, flow: Flow): string[] =>
  location.usersOver(flow).filter(user => isBound(location, user, flow));
