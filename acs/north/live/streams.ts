// The streams of events: those that are read, and for a while those whose client has lost its connection.
import type { Clock, Random } from '../../../shared/clock.ts';
import type { EventBus, EventListener } from '../../events.ts';
import type { Caller } from '../../fleet/access/caller.ts';
import type { Principal } from '../../fleet/access/principal.ts';
import { isSameRights } from '../../fleet/access/rights.ts';
import type { Secrets } from '../../fleet/common/secrets.ts';
import type { Store } from '../../store/store.ts';
import { EventStream, gapText, type Outlet } from './event-stream.ts';
import { type EventTexts, LimitedTexts, onceForAll } from './event-view.ts';
import type { StreamQuery } from './stream-query.ts';
import { Summing } from './summing.ts';

/** Time for which a stream waits for its client. */
export const LINGER_MS = 60_000;
/** Streams that wait for their clients; beyond it the one that waits longest ends. */
const MAX_LINGERING = 200;

export interface StreamParts {
  events: EventBus;
  clock: Clock;
  random: Random;
  store: Store;
  secrets: Secrets;
}

interface Live {
  stream: EventStream;
  principal: Principal;
  /** The query as text. */
  query: string;
  stop(): void;
  lingering?: { cancel(): void };
}

export class LiveStreams {
  readonly #parts: StreamParts;
  readonly #forAll: EventTexts;
  readonly #live = new Map<string, Live>();
  readonly #lingering = new Set<Live>();

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#forAll = onceForAll(parts.secrets);
  }

  /**
   * Connects a client to the stream that it has lost, else to a new one; there it is told of the gap.
   * @param last id of the last event that it has received
   */
  connect(query: StreamQuery, caller: Caller, out: Outlet, last: string | undefined): EventStream {
    const [id = '', number] = last?.split('.') ?? [];
    const after = Number(number);
    const found = this.#live.get(id);
    const isOwn =
      found?.query === query.text && isSamePrincipal(found.principal, caller.principal) && Number.isSafeInteger(after);
    if (found && isOwn) {
      this.#awake(found);
      found.stream.attach(out, after);
      return found.stream;
    }
    const stream = this.#begin(query, caller);
    stream.attach(out, 0);
    if (last !== undefined) stream.note(gapText(undefined));
    return stream;
  }

  /** The connection of a client has closed: its stream waits for a while. */
  disconnect({ id }: EventStream, out: Outlet): void {
    const live = this.#live.get(id);
    if (!live?.stream.detach(out)) return;
    live.lingering = this.#parts.clock.after(LINGER_MS, () => this.end(live.stream));
    this.#lingering.add(live);
    for (const oldest of this.#lingering) {
      if (this.#lingering.size <= MAX_LINGERING) break;
      this.end(oldest.stream);
    }
  }

  /** Ends a stream for good, and its connection. */
  end({ id }: EventStream): void {
    const live = this.#live.get(id);
    if (!live) return;
    this.#awake(live);
    this.#live.delete(id);
    live.stop();
    live.stream.end();
  }

  endAll(): void {
    for (const { stream } of this.#live.values()) this.end(stream);
  }

  #awake(live: Live): void {
    live.lingering?.cancel();
    delete live.lingering;
    this.#lingering.delete(live);
  }

  #begin(query: StreamQuery, caller: Caller): EventStream {
    const stream = new EventStream(this.#parts.random.bytes(12).toString('hex'));
    const stop = follow(this.#parts, query, this.#texts(query, caller, stream), stream.push);
    this.#live.set(stream.id, { stream, principal: caller.principal, query: query.text, stop });
    return stream;
  }

  #texts({ filter }: StreamQuery, caller: Caller, stream: EventStream): EventTexts {
    if (!caller.isScoped && caller.readsAll && !filter) return this.#forAll;
    const options = { ...this.#parts, caller, ...(filter ? { filter } : {}) };
    return new LimitedTexts(options, () => this.end(stream)).write;
  }
}

/** Sends the events that the query asks for. @returns ends it */
function follow(
  { events, clock }: StreamParts,
  { types, devices = [undefined], sumMs }: Omit<StreamQuery, 'devices'> & { devices?: readonly (string | undefined)[] },
  texts: EventTexts,
  push: (text: string) => void,
): () => void {
  const summing = sumMs === undefined ? undefined : new Summing(clock, sumMs, push);
  const listener: EventListener = (name, event) => {
    if (!types.has(name)) return;
    texts(name, event, summing ? text => summing.add(name, event, text) : push);
  };
  const ends = devices.map(device => events.follow(device, listener));
  return () => {
    for (const end of ends) end();
    summing?.stop();
  };
}

const isSamePrincipal = (a: Principal, b: Principal): boolean =>
  a.name === b.name && a.kind === b.kind && isSameRights(a.rights, b.rights);
