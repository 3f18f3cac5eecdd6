// Places for the connections of a server: those whose peer has proved nothing are bounded by address and in all, and each step of a
// connection has a deadline. Of the unproved connections whose time is over the oldest gives way; a request that has arrived whole is answered.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';
import type { Clock, Timer } from '../clock.ts';
import { networkOf, plainAddress } from './address.ts';
import { beginStep, type Deadlines, deadlines, lateness, type Place, type Reason } from './connection-deadlines.ts';
import { type PlaceLimits, UnprovedPlaces } from './unproved-places.ts';

export type { PlaceLimits };

const SWEEP_MS = 1000;
/** Looks at a refused connection before it is closed: a slow peer still reads the refusal. */
const LEAVING_LOOKS = 10;
/** Turns of the event loop in which all is read that new connections have sent, by peers in this process too. */
const TURNS = 3;

export interface PlacesOptions {
  clock: Clock;
  limits: PlaceLimits;
  /** Addresses of proxies, whose connections carry many peers. */
  isExempt?: (address: string) => boolean;
  deadlines?: Deadlines;
  /** The answer to a peer that has sent nothing yet and for which there is no room; default: none. */
  refusal?: () => string;
  /** Called for each connection that is closed. */
  onClosed?: (closed: { address: string; reason: Reason }) => void;
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

  /** The handshake of a connection is done. @returns its place */
  end(secured: Carrier, now: number): Place | undefined {
    const end = endOf(secured);
    const place = this.#open.get(end);
    if (!place) return undefined;
    this.#open.delete(end);
    place.socket = secured;
    place.isSecured = true;
    secured[PLACE] = place;
    beginStep(place, now);
    return place;
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
  readonly #looked: () => void;
  #servers = 0;
  #timer: Timer | undefined;

  /** @param looked called once all were looked at */
  constructor(clock: Clock, look: (place: Place) => void, looked: () => void) {
    this.#clock = clock;
    this.#look = look;
    this.#looked = looked;
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
    this.#looked();
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
  const step = { since: now, stepSince: now, stepBytes: 0, looks: 0, request: undefined, response: undefined };
  return {
    socket,
    address,
    network,
    ...step,
    isSecured: !isTls,
    isProved: false,
    isLeaving: false,
    hasAnswered: false,
  };
}

/** Places that found no room. Connections that open together are all taken before a byte of any is read: they are judged once that is done. */
class Crowding {
  readonly #judge: (place: Place) => void;
  #now: Place[] = [];

  constructor(judge: (place: Place) => void) {
    this.#judge = judge;
  }

  add(place: Place): void {
    this.#now.push(place);
    if (this.#now.length > 1) return;
    setImmediate(() => {
      const crowding = this.#now;
      this.#now = [];
      afterTurns(TURNS, () => crowding.forEach(this.#judge));
    });
  }
}

/** Tells peers that there is no room for them. */
class Refusals {
  readonly #options: PlacesOptions;
  #leaving = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** @returns false where nothing can be told: something was said by either side, or too many are told already */
  tell(place: Place): boolean {
    const { limits, refusal } = this.#options;
    const { socket, isSecured, hasAnswered, request, stepBytes } = place;
    const isSilent = isSecured && !hasAnswered && !request && socket.bytesRead === stepBytes;
    if (!refusal || !isSilent || this.#leaving >= limits.unproved) return false;
    this.#leaving++;
    place.isLeaving = true;
    place.looks = 0;
    // All that still comes is dropped, not left unread: the peer would be reset before it has read its answer.
    socket.removeAllListeners('data').on('data', () => undefined);
    socket.end(refusal());
    return true;
  }

  forget(place: Place): void {
    if (place.isLeaving) this.#leaving--;
  }
}

const canMove = ({ isProved, isLeaving, socket }: Place): boolean => !isProved && !isLeaving && !socket.destroyed;

/** Notes the handshakes and requests of a server. */
function followSteps(
  server: Server,
  { clock, unproved, handshakes }: { clock: Clock; unproved: UnprovedPlaces; handshakes: Handshakes },
  isTls: boolean,
): void {
  const moved = (place: Place): void => {
    if (canMove(place)) unproved.renew(place);
  };
  if (isTls)
    server.on('secureConnection', (socket: Socket) => {
      const place = handshakes.end(socket, clock.monotonic());
      if (place) moved(place);
    });
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const place = placeOf(request.socket);
    if (!place) return;
    place.request = request;
    place.response = response;
    beginStep(place, clock.monotonic());
    moved(place);
  });
}

/** Looks at places, and closes those that are late or for which there is no room. */
class Closing {
  readonly #options: PlacesOptions;
  readonly #unproved: UnprovedPlaces;
  readonly #refusals: Refusals;

  constructor(options: PlacesOptions, unproved: UnprovedPlaces) {
    this.#options = options;
    this.#unproved = unproved;
    this.#refusals = new Refusals(options);
  }

  look(place: Place): void {
    place.looks++;
    if (place.isLeaving) {
      if (place.looks >= LEAVING_LOOKS) place.socket.destroy();
      return;
    }
    const reason = lateness(place, this.#options.clock.monotonic(), this.#options.deadlines ?? deadlines);
    if (reason) this.#close(place, reason);
    else if (!place.response) this.#unproved.answered(place);
  }

  closeOverdue(): void {
    for (const place of this.#unproved.overdue()) this.refuse(place);
  }

  /** There is no room for the connection. */
  refuse(place: Place): void {
    if (!this.#refusals.tell(place)) {
      this.#close(place, 'too many connections');
      return;
    }
    this.#unproved.delete(place);
    this.#options.onClosed?.({ address: place.address, reason: 'too many connections' });
  }

  forget(place: Place): void {
    this.#unproved.delete(place);
    this.#refusals.forget(place);
  }

  #close(place: Place, reason: Reason): void {
    this.#unproved.delete(place);
    place.socket.destroy();
    this.#options.onClosed?.({ address: place.address, reason });
  }
}

export class ConnectionPlaces {
  readonly #options: PlacesOptions;
  readonly #open: OpenPlaces;
  readonly #unproved: UnprovedPlaces;
  readonly #handshakes = new Handshakes();
  /** The listener of every socket: one made for each would cost more. */
  readonly #onClose: (this: Carrier) => void;
  readonly #crowding: Crowding;
  readonly #closing: Closing;

  constructor(options: PlacesOptions) {
    this.#options = options;
    this.#unproved = new UnprovedPlaces(options.limits);
    this.#closing = new Closing(options, this.#unproved);
    this.#crowding = new Crowding(place => {
      if (canMove(place) && !this.#unproved.canStay(place)) this.#closing.refuse(place);
    });
    this.#open = new OpenPlaces(
      options.clock,
      place => this.#closing.look(place),
      () => this.#closing.closeOverdue(),
    );
    this.#onClose = closeListener(place => this.#leave(place));
  }

  get unproved(): number {
    return this.#unproved.size;
  }

  /** Watches a server of HTTP or HTTPS. @param isTls its connections begin with a handshake */
  watch(server: NetServer, isTls: boolean): void {
    this.#open.follow(server);
    server.on('connection', (socket: Socket) => this.#enter(socket, isTls));
    followSteps(server as Server, { ...this.#options, unproved: this.#unproved, handshakes: this.#handshakes }, isTls);
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
    place.looks = 0;
    this.#unproved.add(place);
  }

  /** Closes every connection. */
  readonly close = (): void => this.#open.destroyAll();

  #enter(socket: Carrier, isTls: boolean): void {
    const place = newPlace(socket, isTls, this.#options.clock.monotonic(), this.#options.isExempt);
    this.#open.add(place);
    this.#unproved.add(place);
    socket[PLACE] = place;
    if (isTls) this.#handshakes.begin(place);
    socket.on('close', this.#onClose);
    if (!this.#unproved.isCrowded(place)) return;
    const displaced = this.#unproved.displacedBy(place);
    if (displaced) this.#closing.refuse(displaced);
    else this.#crowding.add(place);
  }

  #leave(place: Place): void {
    this.#open.delete(place);
    this.#closing.forget(place);
    this.#handshakes.forget(place);
  }
}

/** Called with the socket itself, so that all sockets share it. */
const closeListener = (leave: (place: Place) => void) =>
  function (this: Carrier): void {
    if (this[PLACE]) leave(this[PLACE]);
  };

function afterTurns(turns: number, run: () => void): void {
  setImmediate(() => (turns > 1 ? afterTurns(turns - 1, run) : run()));
}

const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** A request with a proof of its own keeps its connection until it is answered. */
export function proveUntilAnswered(places: ConnectionPlaces, socket: Socket, response: ServerResponse): void {
  places.prove(socket);
  response.once('close', () => places.doubt(socket));
}
