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
  connection: Connection | undefined;
  address: string;
  /** Its login is that of many CPEs, so anything may have it. */
  isShared: boolean;
}

const SESSIONS = Symbol('sessions');
/** A connection carries its sessions itself: a WeakMap costs each session more than all else here. */
type Connection = Socket & { [SESSIONS]?: Set<Placed> };

export class SessionPlaces {
  readonly #clock: Clock;
  readonly #most: { perAddress: number; inAll: number };
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
    const own = connection?.[SESSIONS];
    if (own && !this.#fits(own, MAX_PER_CONNECTION)) return false;
    if (!isShared) return true;
    const near = this.#byNetwork.get(networkOf(address));
    return (!near || this.#fits(near, this.#most.perAddress)) && this.#fits(this.#shared, this.#most.inAll);
  }

  /** @returns called when the session is over */
  add(session: Placed, { connection, address, isShared }: Arriving): () => void {
    const own = connection && ofConnection(connection).add(session);
    const leave = isShared ? this.#addShared(session, networkOf(address)) : undefined;
    return () => {
      own?.delete(session);
      leave?.();
    };
  }

  #addShared(session: Placed, network: string): () => void {
    const near = this.#byNetwork.get(network) ?? new Set();
    this.#byNetwork.set(network, near.add(session));
    this.#shared.add(session);
    return () => {
      near.delete(session);
      this.#shared.delete(session);
      if (near.size === 0 && this.#byNetwork.get(network) === near) this.#byNetwork.delete(network);
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

function ofConnection(connection: Connection): Set<Placed> {
  connection[SESSIONS] ??= new Set();
  return connection[SESSIONS];
}
