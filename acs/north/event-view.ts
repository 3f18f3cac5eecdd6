// Live events as a caller may see them: of devices that its rights reach, without parameters that it may not read.
import type { Clock } from '../../shared/clock.ts';
import { type AcsEvents, deviceOf, type EventName } from '../events.ts';
import type { Caller } from '../fleet/access/caller.ts';
import { RecentValues } from '../fleet/common/recent-values.ts';
import type { Secrets } from '../fleet/common/secrets.ts';
import { faultView, taskView } from './views/core.ts';
import { limitedFault, type Shown } from './views/limited.ts';

type AnyEvent = AcsEvents[EventName];

/** @returns the content of an event; undefined where it is nothing for the caller */
function eventView(name: EventName, event: AnyEvent, show: Shown): unknown {
  const { caller } = show;
  if (name === 'task') return taskView((event as AcsEvents['task']).task, show);
  if (name === 'fault') return faultView((event as AcsEvents['fault']).fault, caller);
  if (caller.readsAll) return event;
  // Groups of an alert may be values of a parameter.
  if (name === 'alert') return undefined;
  if (name === 'drift') return caller.mayRead((event as AcsEvents['drift']).path) ? event : undefined;
  if (name === 'faultCleared') {
    const { device, cause } = event as AcsEvents['faultCleared'];
    return { device, cause: limitedFault({ cause, message: '' }, caller).cause };
  }
  return event;
}

/** An event as text for the stream. */
const textOf = (name: EventName, view: unknown): string => `event: ${name}\ndata: ${JSON.stringify(view)}\n\n`;

/** Makes texts of events, in their order. `later` is called with those that must wait for the store. */
export type EventTexts = (name: EventName, event: AnyEvent, write: (text: string) => void) => void;

/** The text of an event, made once for all callers without limits: they are told of one event after the other. */
export function onceForAll(secrets: Secrets): EventTexts {
  const show: Shown = { secrets, caller: { readsAll: true, mayRead: () => true } };
  let last: { name: EventName; event: AnyEvent; text: string } | undefined;
  return (name, event, write) => {
    if (last?.event === event && last.name === name) return write(last.text);
    const text = textOf(name, eventView(name, event, show));
    // The same object may be emitted again, with other content.
    if (!last)
      queueMicrotask(() => {
        last = undefined;
      });
    last = { name, event, text };
    write(text);
  };
}

/** The time for which a device counts as reached, or not, without another look, milliseconds. */
const KEPT_MS = 1000;
/** Devices that are remembered. */
const MAX_KEPT = 10_000;
/** Events that wait for the store. */
const MAX_WAITING = 2000;

/** The texts for one caller whose rights have limits. */
export class LimitedTexts {
  readonly #show: Shown;
  readonly #caller: Caller;
  readonly #clock: Clock;
  readonly #kept = new RecentValues<{ reached: Promise<boolean>; until: number }>(MAX_KEPT);
  readonly #onOverrun: () => void;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param onOverrun called when events come faster than the store answers */
  constructor({ caller, secrets, clock }: { caller: Caller; secrets: Secrets; clock: Clock }, onOverrun: () => void) {
    this.#show = { secrets, caller };
    this.#caller = caller;
    this.#clock = clock;
    this.#onOverrun = onOverrun;
  }

  readonly write: EventTexts = (name, event, write) => {
    const view = eventView(name, event, this.#show);
    if (view === undefined) return;
    const text = textOf(name, view);
    if (!this.#caller.isScoped) return write(text);
    const device = deviceOf(event);
    if (device === undefined) return;
    if (++this.#waiting > MAX_WAITING) return this.#onOverrun();
    const reached = this.#reaches(device);
    this.#last = this.#last.then(async () => {
      // A store that does not answer reaches nothing.
      if (await reached.catch(() => false)) write(text);
      this.#waiting--;
    });
  };

  #reaches(device: string): Promise<boolean> {
    const now = this.#clock.monotonic();
    const known = this.#kept.get(device);
    if (known && known.until > now) return known.reached;
    const reached = this.#caller.sees(device);
    this.#kept.set(device, { reached, until: now + KEPT_MS });
    return reached;
  }
}
