// Places for the connections of a server: those whose peer has proved nothing are bounded by address and in all, and each step of a
// connection has a deadline. The oldest unproved connection gives way.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';
import type { Clock, Timer } from '../clock.ts';
import { networkOf, plainAddress } from './address.ts';
import { beginStep, type Deadlines, deadlines, lateness, type Place, type Reason } from './connection-deadlines.ts';

export interface PlaceLimits {
  /** Unproved connections of one address; of IPv6 addresses those of a /64 count together. */
  perAddress: number;
  /** Unproved connections in all. */
  unproved: number;
}

/** A connection has this time to prove itself before it can be closed for another of its address. */
export const GRACE_MS = 1000;
const SWEEP_MS = 1000;

export interface PlacesOptions {
  clock: Clock;
  limits: PlaceLimits;
  /** Addresses of proxies, whose connections carry many peers. */
  isExempt?: (address: string) => boolean;
  deadlines?: Deadlines;
  /** Called for each connection that is closed. */
  onClosed?: (closed: { address: string; reason: Reason }) => void;
}

/** The unproved connections, the oldest first, of each network and in all. */
class UnprovedPlaces {
  readonly #all = new Set<Place>();
  readonly #byNetwork = new Map<string, Set<Place>>();

  get size(): number {
    return this.#all.size;
  }

  add(place: Place): void {
    this.#all.add(place);
    const others = this.#byNetwork.get(place.network);
    if (others) others.add(place);
    else this.#byNetwork.set(place.network, new Set([place]));
  }

  delete(place: Place): void {
    this.#all.delete(place);
    const others = this.#byNetwork.get(place.network);
    if (others?.delete(place) && others.size === 0) this.#byNetwork.delete(place.network);
  }

  /** The connection that has to close for another one; undefined where there is room. */
  displacedBy({ network }: Place, limits: PlaceLimits): Place | undefined {
    const own = network === '' ? undefined : this.#byNetwork.get(network);
    if (own && own.size >= limits.perAddress) return oldestOf(own);
    return this.#all.size >= limits.unproved ? oldestOf(this.#all) : undefined;
  }
}

const PLACE = Symbol('place');
/** A socket carries its place itself: a WeakMap costs each connection more than all else here. */
type Carrier = Socket & { [PLACE]?: Place };

const placeOf = (socket: Carrier): Place | undefined => socket[PLACE];

/** Places of TLS connections. Each has two sockets: the one of TCP, and after its handshake that of TLS. */
class Handshakes {
  /** By the peer's end, until the handshake is done. */
  readonly #open = new Map<string, Place>();

  begin(place: Place): void {
    this.#open.set(endOf(place.socket), place);
  }

  /** The handshake of a connection is done. */
  end(secured: Carrier, now: number): void {
    const end = endOf(secured);
    const place = this.#open.get(end);
    if (!place) return;
    this.#open.delete(end);
    place.socket = secured;
    place.isSecured = true;
    secured[PLACE] = place;
    beginStep(place, now);
  }

  /** The connection of a place is closed. */
  forget(place: Place): void {
    if (place.isSecured) return;
    const end = endOf(place.socket);
    if (this.#open.get(end) === place) this.#open.delete(end);
  }
}

/** All open places, and the timer by which they are looked at while there are any. */
class OpenPlaces {
  readonly #places = new Set<Place>();
  readonly #clock: Clock;
  readonly #look: (place: Place) => void;
  #servers = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, look: (place: Place) => void) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Places come from this server until it is closed. */
  follow(server: NetServer): void {
    this.#servers++;
    server.on('close', () => {
      this.#servers--;
      this.#rest();
    });
  }

  add(place: Place): void {
    this.#places.add(place);
    this.#timer ??= this.#clock.after(SWEEP_MS, () => this.#sweep());
  }

  delete(place: Place): void {
    this.#places.delete(place);
    this.#rest();
  }

  has(place: Place): boolean {
    return this.#places.has(place);
  }

  destroyAll(): void {
    for (const { socket } of this.#places) socket.destroy();
  }

  #sweep(): void {
    for (const place of this.#places) this.#look(place);
    this.#timer = this.#places.size > 0 ? this.#clock.after(SWEEP_MS, () => this.#sweep()) : undefined;
  }

  /** Ends the sweeps when the servers are closed. Connections that come and go one by one would each begin and end a timer. */
  #rest(): void {
    if (this.#servers > 0 || this.#places.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

function newPlace(socket: Socket, isTls: boolean, now: number, isExempt: PlacesOptions['isExempt']): Place {
  const address = plainAddress(socket.remoteAddress ?? '');
  const network = isExempt?.(address) ? '' : networkOf(address);
  const step = { since: now, stepSince: now, stepBytes: 0, request: undefined, response: undefined };
  return { socket, address, network, ...step, isSecured: !isTls, isProved: false, hasAnswered: false };
}

const oldestOf = (places: Set<Place>): Place | undefined => places.values().next().value;

export class ConnectionPlaces {
  readonly #options: PlacesOptions;
  readonly #open: OpenPlaces;
  readonly #unproved = new UnprovedPlaces();
  readonly #handshakes = new Handshakes();
  /** The listener of every socket: one made for each would cost more. */
  readonly #onClose: (this: Carrier) => void;

  constructor(options: PlacesOptions) {
    this.#options = options;
    this.#open = new OpenPlaces(options.clock, place => this.#closeLate(place));
    this.#onClose = closeListener(place => this.#leave(place));
  }

  get unproved(): number {
    return this.#unproved.size;
  }

  /** Watches a server of HTTP or HTTPS. @param isTls its connections begin with a handshake */
  watch(server: NetServer, isTls: boolean): void {
    const { clock } = this.#options;
    this.#open.follow(server);
    server.on('connection', (socket: Socket) => this.#enter(socket, isTls));
    if (isTls) server.on('secureConnection', (socket: Socket) => this.#handshakes.end(socket, clock.monotonic()));
    followRequests(server as Server, clock);
  }

  /** The peer has proved itself, or is in session: it keeps its connection. */
  prove(socket: Socket): void {
    const place = placeOf(socket);
    if (!place || place.isProved) return;
    place.isProved = true;
    this.#unproved.delete(place);
  }

  /** The proof of a connection ends, as with the session of a peer that shares its login with others. */
  doubt(socket: Socket): void {
    const place = placeOf(socket);
    if (!place?.isProved || !this.#open.has(place)) return;
    place.isProved = false;
    this.#unproved.add(place);
  }

  /** Closes every connection. */
  readonly close = (): void => this.#open.destroyAll();

  #enter(socket: Carrier, isTls: boolean): void {
    const place = newPlace(socket, isTls, this.#options.clock.monotonic(), this.#options.isExempt);
    const oldest = this.#unproved.displacedBy(place, this.#options.limits);
    if (oldest) {
      const closed = place.since - oldest.since >= GRACE_MS ? oldest : place;
      this.#close(closed, 'too many connections');
      if (closed === place) return;
    }
    this.#open.add(place);
    this.#unproved.add(place);
    socket[PLACE] = place;
    if (isTls) this.#handshakes.begin(place);
    socket.on('close', this.#onClose);
  }

  #leave(place: Place): void {
    this.#open.delete(place);
    this.#unproved.delete(place);
    this.#handshakes.forget(place);
  }

  #closeLate(place: Place): void {
    const reason = lateness(place, this.#options.clock.monotonic(), this.#options.deadlines ?? deadlines);
    if (reason) this.#close(place, reason);
  }

  #close(place: Place, reason: Reason): void {
    this.#unproved.delete(place);
    place.socket.destroy();
    this.#options.onClosed?.({ address: place.address, reason });
  }
}

/** Called with the socket itself, so that all sockets share it. */
const closeListener = (leave: (place: Place) => void) =>
  function (this: Carrier): void {
    if (this[PLACE]) leave(this[PLACE]);
  };

/** Notes the request that a connection carries. */
function followRequests(server: Server, clock: Clock): void {
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const place = placeOf(request.socket);
    if (!place) return;
    place.request = request;
    place.response = response;
    beginStep(place, clock.monotonic());
  });
}

const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** A request with a proof of its own keeps its connection until it is answered. */
export function proveUntilAnswered(places: ConnectionPlaces, socket: Socket, response: ServerResponse): void {
  places.prove(socket);
  response.once('close', () => places.doubt(socket));
}
