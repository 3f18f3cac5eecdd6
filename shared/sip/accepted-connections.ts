// Connections that peers have opened: those that send no message are bounded and closed at a deadline, all are bounded by address.
import type { Server, Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { networkOf, plainAddress } from '../net/address.ts';
import { deadlines } from '../net/connection-deadlines.ts';
import { ConnectionPlaces, type PlaceLimits } from '../net/connection-places.ts';
import { ThrottledLog } from '../throttled-log.ts';
import { addressText, type Flow } from './flow-types.ts';

/** The time for a TLS handshake, and then for the first message: 64 × T1 (RFC 3261 17.1.1.2). */
export const FIRST_MESSAGE_MS = 32_000;
/** Connections that have sent no message yet, from one address (IPv6: one /64) and in all. */
export const UNHEARD = { perAddress: 1000, unproved: 5000 };
/** All connections of one address: a border controller may carry many peers. */
export const MAX_PER_ADDRESS = 5000;

/** Bounds on the connections that peers open. */
export interface ConnectionLimits {
  /** Those that have sent no message yet, of one address and in all: the oldest gives way. */
  unheard: PlaceLimits;
  /** All of one address: further ones are closed at once. */
  perAddress: number;
}

export const serverLimits: ConnectionLimits = { unheard: UNHEARD, perAddress: MAX_PER_ADDRESS };

interface AcceptedOptions {
  clock: Clock;
  log: Log;
  maxConnections: number;
  limits: ConnectionLimits;
}

export class AcceptedConnections {
  readonly #places: ConnectionPlaces;
  readonly #most: number;
  readonly #perAddress: number;
  readonly #log: Log;
  readonly #byNetwork = new Map<string, number>();
  /** Of flows that have sent no message yet. */
  readonly #unheard = new WeakMap<Flow, Socket>();

  constructor({ clock, log, maxConnections, limits }: AcceptedOptions) {
    this.#most = maxConnections;
    this.#perAddress = limits.perAddress;
    this.#log = log;
    const throttled = new ThrottledLog(clock);
    this.#places = new ConnectionPlaces({
      ...{ clock, limits: limits.unheard, deadlines: { ...deadlines, openingMs: FIRST_MESSAGE_MS } },
      onClosed: ({ address, reason }) =>
        throttled.write(
          suppressed => log.info('silent SIP connection closed', { from: address, reason, ...suppressed }),
          address,
        ),
    });
  }

  watch(server: Server, isTls: boolean): void {
    this.#places.watch(server, isTls);
  }

  /** Counts a connection of the socket's address until it closes. @returns false where there are too many, of it or in all */
  admits(socket: Socket, open: number): boolean {
    const network = networkOf(plainAddress(socket.remoteAddress ?? ''));
    const count = (this.#byNetwork.get(network) ?? 0) + 1;
    if (open >= this.#most || count > this.#perAddress) {
      this.#log.warn('SIP connection limit reached', { address: socket.remoteAddress });
      return false;
    }
    this.#byNetwork.set(network, count);
    socket.once('close', () => {
      const left = (this.#byNetwork.get(network) ?? 1) - 1;
      if (left > 0) this.#byNetwork.set(network, left);
      else this.#byNetwork.delete(network);
    });
    return true;
  }

  opened(flow: Flow, socket: Socket): void {
    const { remote, protocol, tls } = flow;
    this.#log.debug('SIP connection accepted', { from: addressText(remote), protocol, ...tls });
    this.#unheard.set(flow, socket);
  }

  /** Closes those that never became a flow. */
  close(): void {
    this.#places.close();
  }

  /** A message came over a flow. */
  heard(flow: Flow): void {
    const socket = this.#unheard.get(flow);
    if (!socket) return;
    this.#unheard.delete(flow);
    this.#places.prove(socket);
  }
}
