// Places whose peer has proved nothing, by what they wait for: their peer, or an answer that the server owes. The first are bounded, by
// address and in all; where they are too many, the oldest give way whose peer had its time.
import { LOOKS, type Place } from './connection-deadlines.ts';

export interface PlaceLimits {
  /** Unproved connections of one address; of IPv6 addresses those of a /64 count together. */
  perAddress: number;
  /** Unproved connections in all. */
  unproved: number;
}

/** Places at the head of a queue that are looked at for one that gives way. */
const MAX_SCANNED = 32;
/** Connections before or in their handshake, to which nothing can be said, and those with a head may be so many times the limit for the seconds that they have. */
const MOVING = 2;

/** The request of the place is here whole: its peer waits for the server. */
const isOwed = ({ request, response }: Place): boolean =>
  request?.complete === true && response !== undefined && !response.writableEnded;

const isMoving = ({ isSecured, request }: Place): boolean => request !== undefined || !isSecured;

export class UnprovedPlaces {
  readonly #limits: PlaceLimits;
  /** Those that wait for their peer, the oldest step first. */
  readonly #waiting = new Set<Place>();
  readonly #byNetwork = new Map<string, Set<Place>>();
  /** Those to which an answer is owed. */
  readonly #owed = new Set<Place>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#waiting.size + this.#owed.size;
  }

  add(place: Place): void {
    this.#waiting.add(place);
    if (place.network === '') return;
    const others = this.#byNetwork.get(place.network);
    if (others) others.add(place);
    else this.#byNetwork.set(place.network, new Set([place]));
  }

  delete(place: Place): void {
    if (this.#owed.delete(place) || !this.#waiting.delete(place)) return;
    const others = this.#byNetwork.get(place.network);
    if (others?.delete(place) && others.size === 0) this.#byNetwork.delete(place.network);
  }

  /** A step of the place begins, for which its peer has its time anew. */
  renew(place: Place): void {
    this.delete(place);
    this.add(place);
  }

  /** What was owed to the place is sent: it waits for its peer again. */
  answered(place: Place): void {
    if (!this.#owed.delete(place)) return;
    place.looks = 0;
    this.add(place);
  }

  /** There are more than the limits allow, this one included. */
  isCrowded(place: Place): boolean {
    return this.#crowd(place, 1) !== undefined;
  }

  /** The connection that has to close so that this one has room; undefined where there is room, or none had its time. */
  displacedBy(place: Place): Place | undefined {
    const crowd = this.#crowd(place, 1);
    return crowd && this.#first(crowd);
  }

  /** This one, which has just come and found no room, can stay. Called once what its peer had sent is read. */
  canStay(place: Place): boolean {
    if (isOwed(place)) this.#owe(place);
    return !this.#crowd(place, isMoving(place) ? MOVING : 1);
  }

  /** Those that have to close where there are too many, the oldest first. */
  *overdue(): Generator<Place> {
    for (const others of [...this.#byNetwork.values()]) yield* this.#beyond(others, this.#limits.perAddress);
    yield* this.#beyond(this.#waiting, this.#limits.unproved);
  }

  /** Called again after each, which has been deleted meanwhile. */
  *#beyond(places: Set<Place>, limit: number): Generator<Place> {
    while (places.size > limit) {
      const first = this.#first(places);
      if (!first) return;
      yield first;
    }
  }

  #crowd({ network }: Place, times: number): Set<Place> | undefined {
    const own = this.#byNetwork.get(network);
    if (own && own.size > this.#limits.perAddress * times) return own;
    return this.#waiting.size > this.#limits.unproved * times ? this.#waiting : undefined;
  }

  #first(places: Set<Place>): Place | undefined {
    let scanned = 0;
    for (const place of places) {
      if (isOwed(place)) this.#owe(place);
      else if (place.looks >= LOOKS) return place;
      else if (++scanned === MAX_SCANNED) return undefined;
    }
    return undefined;
  }

  #owe(place: Place): void {
    this.delete(place);
    this.#owed.add(place);
  }
}
