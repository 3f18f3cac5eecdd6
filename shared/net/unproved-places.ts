// Places whose peer has proved nothing, by what they wait for: their peer, or an answer that the server owes. The first are bounded, by
// address and in all: beyond the bounds the oldest of those whose time is over give way.
import { LOOKS, type Place } from './connection-deadlines.ts';

export interface PlaceLimits {
  /** Unproved connections of one address; of IPv6 addresses those of a /64 count together. */
  perAddress: number;
  /** Unproved connections in all. */
  unproved: number;
}

/** Places at the head of a queue that are looked at for one that gives way. */
const MAX_SCANNED = 32;
/** Factor of the limits for connections that have sent a request head, and for those in a TLS handshake, which cannot be answered yet. */
const MOVING = 2;

/** The request of the place is here whole: its peer waits for the server. */
const isOwed = ({ request, response }: Place): boolean =>
  request?.complete === true && response !== undefined && !response.writableEnded;

const isMoving = ({ isSecured, request }: Place): boolean => request !== undefined || !isSecured;

/** Places in the order in which they came, of each network and in all. */
class Queues {
  readonly all = new Set<Place>();
  readonly #byNetwork = new Map<string, Set<Place>>();

  add(place: Place): void {
    this.all.add(place);
    if (place.network === '') return;
    const others = this.#byNetwork.get(place.network);
    if (others) others.add(place);
    else this.#byNetwork.set(place.network, new Set([place]));
  }

  delete(place: Place): void {
    if (!this.all.delete(place)) return;
    const others = this.#byNetwork.get(place.network);
    if (others?.delete(place) && others.size === 0) this.#byNetwork.delete(place.network);
  }

  of = (network: string): Set<Place> | undefined => this.#byNetwork.get(network);
  networks = (): Set<Place>[] => [...this.#byNetwork.values()];
}

/** The first place whose time is over. @param owe called for those to which an answer is owed */
function firstOf(places: Set<Place>, owe: (place: Place) => void): Place | undefined {
  let scanned = 0;
  for (const place of places) {
    if (isOwed(place)) owe(place);
    else if (place.looks >= LOOKS) return place;
    else if (++scanned === MAX_SCANNED) return undefined;
  }
  return undefined;
}

/** Those beyond the limit that have to close. Each has been deleted when the next is asked for. */
function* beyond(
  places: Set<Place>,
  limit: number,
  first: (places: Set<Place>) => Place | undefined,
): Generator<Place> {
  while (places.size > limit) {
    const found = first(places);
    if (!found) return;
    yield found;
  }
}

export class UnprovedPlaces {
  readonly #limits: PlaceLimits;
  /** Those that wait for their peer, the oldest step first. */
  readonly #waiting = new Queues();
  /** Those to which an answer is owed. */
  readonly #owed = new Set<Place>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#waiting.all.size + this.#owed.size;
  }

  add(place: Place): void {
    this.#waiting.add(place);
  }

  delete(place: Place): void {
    if (!this.#owed.delete(place)) this.#waiting.delete(place);
  }

  /** Begins the next step of a place: the time of its peer starts again. */
  renew(place: Place): void {
    this.delete(place);
    this.add(place);
  }

  /** The answer that was owed to the place is sent: it waits for its peer again. */
  answered(place: Place): void {
    if (!this.#owed.delete(place)) return;
    place.looks = 0;
    this.add(place);
  }

  /** The limits are passed, this one included. */
  isCrowded(place: Place): boolean {
    return this.#crowd(place, 1) !== undefined;
  }

  /** The connection that has to close so that this one has room; undefined where there is room, or where the time of none is over. */
  displacedBy(place: Place): Place | undefined {
    const crowd = this.#crowd(place, 1);
    return crowd && this.#first(crowd);
  }

  /** A place that has just come and found no room can stay. Called once what its peer had sent is read. */
  canStay(place: Place): boolean {
    if (isOwed(place)) this.#owe(place);
    return !this.#crowd(place, isMoving(place) ? MOVING : 1);
  }

  /** Those that have to close where there are too many, the oldest first. */
  *overdue(): Generator<Place> {
    for (const others of this.#waiting.networks()) yield* beyond(others, this.#limits.perAddress, this.#first);
    yield* beyond(this.#waiting.all, this.#limits.unproved, this.#first);
  }

  #crowd({ network }: Place, times: number): Set<Place> | undefined {
    const own = this.#waiting.of(network);
    if (own && own.size > this.#limits.perAddress * times) return own;
    return this.#waiting.all.size > this.#limits.unproved * times ? this.#waiting.all : undefined;
  }

  readonly #first = (places: Set<Place>): Place | undefined => firstOf(places, place => this.#owe(place));

  #owe(place: Place): void {
    this.delete(place);
    this.#owed.add(place);
  }
}
