// Places of sessions: one connection, one address and one shared login hold only so many. Where they are full, the session that waits
// longest for its CPE gives way.
import type { Socket } from 'node:net';
import type { Clock } from '../../../shared/clock.ts';
import { networkOf } from '../../../shared/net/address.ts';

/** Sessions over one connection: a proxy that is not named with --trusted-proxy may carry some CPEs. */
export const MAX_PER_CONNECTION = 50;
/** Shares of --max-sessions that open sessions with a shared login may hold: from one address (IPv6: one /64), and in all. */
export const SHARED = { perAddress: 1 / 2, inAll: 3 / 4 };
/** A session gives way only when its CPE has been silent for this long. */
export const SILENT_MS = 2000;

/** A session, as far as its place is concerned. */
export interface Placed {
  /** Milliseconds on the monotonic clock since which the CPE has been silent; undefined while the ACS works. */
  waitingSince(): number | undefined;
  abandon(reason: string): void;
}

export interface Arriving {
  /** Undefined for that of a trusted proxy, which carries many CPEs. */
  connection: Socket | undefined;
  address: string;
  /** Its login is that of many CPEs, so anything may have it. */
  isShared: boolean;
}

export class SessionPlaces {
  readonly #clock: Clock;
  readonly #most: { perAddress: number; inAll: number };
  readonly #byConnection = new WeakMap<Socket, Set<Placed>>();
  readonly #byNetwork = new Map<string, Set<Placed>>();
  readonly #shared = new Set<Placed>();

  constructor({ clock, running }: { clock: Clock; running: number }) {
    this.#clock = clock;
    this.#most = {
      perAddress: Math.max(1, Math.floor(running * SHARED.perAddress)),
      inAll: Math.max(1, Math.floor(running * SHARED.inAll)),
    };
  }

  /** Makes room for one more session. @returns false where there is none */
  hasRoom({ connection, address, isShared }: Arriving): boolean {
    const own = connection && this.#byConnection.get(connection);
    if (own && !this.#fits(own, MAX_PER_CONNECTION)) return false;
    if (!isShared) return true;
    const near = this.#byNetwork.get(networkOf(address));
    return (!near || this.#fits(near, this.#most.perAddress)) && this.#fits(this.#shared, this.#most.inAll);
  }

  /** @returns called when the session is over */
  add(session: Placed, { connection, address, isShared }: Arriving): () => void {
    const network = networkOf(address);
    const sets: Set<Placed>[] = [];
    if (connection) sets.push(setOf(this.#byConnection, connection));
    if (isShared) sets.push(setOf(this.#byNetwork, network), this.#shared);
    for (const set of sets) set.add(session);
    return () => {
      for (const set of sets) set.delete(session);
      if (this.#byNetwork.get(network)?.size === 0) this.#byNetwork.delete(network);
    };
  }

  #fits(sessions: Set<Placed>, most: number): boolean {
    if (sessions.size < most) return true;
    let silent: Placed | undefined;
    let since = this.#clock.monotonic() - SILENT_MS;
    for (const session of sessions) {
      const waiting = session.waitingSince();
      if (waiting === undefined || waiting > since) continue;
      silent = session;
      since = waiting;
    }
    silent?.abandon('its place was needed');
    if (silent) sessions.delete(silent);
    return silent !== undefined;
  }
}

interface Sets<K> {
  get(key: K): Set<Placed> | undefined;
  set(key: K, value: Set<Placed>): unknown;
}

function setOf<K>(sets: Sets<K>, key: K): Set<Placed> {
  const known = sets.get(key);
  if (known) return known;
  const made = new Set<Placed>();
  sets.set(key, made);
  return made;
}
