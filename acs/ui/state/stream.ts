// The event stream of the server, tried again where it was refused. A tab has one line: that of its screen carries the counts of the frame.
import { connectStream, type LineState, type StreamOptions } from '../api/events.ts';
import { after } from './clock.ts';

/** A line that the server has refused is tried again after so long, and then more and more seldom. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;
/** A screen that ends its line opens the next one within this time, or has none. */
const CHANGE_MS = 1000;

/** Types that come on any line of a screen. */
const carriedTypes: readonly string[] = ['summary'];

interface Carried extends Required<Pick<StreamOptions, 'onEvent' | 'onState'>> {
  /** Called when another line has opened: it may have other rights than the one before. */
  onLine: () => void;
}

/** The types that every screen listens to: they come by the line of the screen, or by one of their own where there is none. */
class CarriedStream {
  #carried: Carried | undefined;
  readonly #carriers = new Set<object>();
  #endOwn: (() => void) | undefined;
  #cancel: (() => void) | undefined;
  #state: LineState | undefined;

  /** @returns ends it */
  begin(carried: Carried): () => void {
    this.#carried = carried;
    this.#openOwn();
    return () => {
      this.#carried = undefined;
      this.#state = undefined;
      this.#closeOwn();
    };
  }

  carry(carrier: object): void {
    this.#carriers.add(carrier);
    this.#cancel?.();
  }

  drop(carrier: object): void {
    this.#carriers.delete(carrier);
    this.#cancel?.();
    if (this.#carriers.size === 0) this.#cancel = after(CHANGE_MS, () => this.#openOwn());
  }

  onEvent(type: string, event: Record<string, unknown>): void {
    this.#carried?.onEvent(type, event);
  }

  /** Another line that begins is no change of the state: the one before was live until then. */
  onState(carrier: object, state: LineState, hasBegun: boolean): void {
    if (state === 'live') {
      this.#closeOwn();
      if (this.#state === 'live') this.#carried?.onLine();
    }
    if (!this.#endOwn && (hasBegun || state !== 'connecting') && carrier === [...this.#carriers].at(-1))
      this.#tell(state);
  }

  #openOwn(): void {
    if (this.#endOwn || !this.#carried || this.#carriers.size > 0) return;
    let hasBegun = this.#state === undefined;
    this.#endOwn = openLine({
      types: carriedTypes,
      onEvent: (type, event) => this.onEvent(type, event),
      onState: state => {
        if (state === 'live' && this.#state === 'live') this.#carried?.onLine();
        if (hasBegun || state !== 'connecting') this.#tell(state);
        hasBegun = true;
      },
    });
  }

  #closeOwn(): void {
    this.#cancel?.();
    this.#endOwn?.();
    this.#endOwn = undefined;
  }

  #tell(state: LineState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#carried?.onState(state);
  }
}

const carried = new CarriedStream();

/** Listens to the counts of the fleet as long as the frame is shown. @returns ends it */
export const openCarried = (options: Carried): (() => void) => carried.begin(options);

/** The line of a screen. @returns ends it */
export function openStream(options: StreamOptions): () => void {
  const carrier = {};
  let hasBegun = false;
  carried.carry(carrier);
  const end = openLine({
    ...options,
    types: [...options.types, ...carriedTypes],
    onEvent: (type, event) => {
      if (type === 'gap' || carriedTypes.includes(type)) carried.onEvent(type, event);
      if (!carriedTypes.includes(type)) options.onEvent(type, event);
    },
    onState: state => {
      carried.onState(carrier, state, hasBegun);
      hasBegun = true;
      options.onState?.(state);
    },
  });
  return () => {
    end();
    carried.drop(carrier);
  };
}

function openLine(options: StreamOptions): () => void {
  let pause = FIRST_PAUSE_MS;
  let cancel: (() => void) | undefined;
  const stream = connectStream({
    ...options,
    onState: state => {
      if (state === 'live') pause = FIRST_PAUSE_MS;
      if (state === 'lost') {
        cancel?.();
        cancel = after(pause, () => stream.reopen());
        pause = Math.min(2 * pause, MAX_PAUSE_MS);
      }
      options.onState?.(state);
    },
  });
  return () => {
    cancel?.();
    stream.end();
  };
}
