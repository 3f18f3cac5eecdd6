// Live events as a caller may see them: of devices that its rights reach, without parameters that it may not read.
import { type AcsEvents, deviceOf, type EventName } from '../../events.ts';
import type { Caller } from '../../fleet/access/caller.ts';
import type { StoreContext } from '../../fleet/access/device-reach.ts';
import type { Secrets } from '../../fleet/common/secrets.ts';
import { bothFilters, type Filter } from '../../query/filter.ts';
import { taskView } from '../views/core.ts';
import { faultView } from '../views/faults.ts';
import { limitedFault, limitedReason, type Shown } from '../views/limited.ts';
import { DeviceFit } from './device-fit.ts';

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
  if (name === 'job' || name === 'rollout') return withReason(event as AcsEvents['job' | 'rollout'], caller);
  return event;
}

/** The event with the reason of a device as it is shown in lists; that of the whole job tells no value. */
const withReason = (event: AcsEvents['job' | 'rollout'], caller: Shown['caller']): AcsEvents['job' | 'rollout'] =>
  event.device === undefined || event.reason === undefined
    ? event
    : { ...event, reason: limitedReason(event.reason, caller) };

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

/** Events that wait for the store. */
const MAX_WAITING = 2000;

/** The texts for one caller with limited rights, or with a filter of its own. */
export class LimitedTexts {
  readonly #show: Shown;
  readonly #fit: DeviceFit | undefined;
  readonly #onOverrun: () => void;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param onOverrun called when events come faster than the store answers */
  constructor({ caller, secrets, filter, ...context }: LimitedOptions, onOverrun: () => void) {
    const fitting = bothFilters(caller.within, filter);
    this.#show = { secrets, caller };
    this.#fit = fitting && new DeviceFit(context, fitting);
    this.#onOverrun = onOverrun;
  }

  readonly write: EventTexts = (name, event, write) => {
    const view = eventView(name, event, this.#show);
    if (view === undefined) return;
    const text = textOf(name, view);
    if (!this.#fit) return write(text);
    const device = deviceOf(event);
    if (device === undefined) return;
    if (++this.#waiting > MAX_WAITING) return this.#onOverrun();
    const fits = this.#fit.fits(device);
    this.#last = this.#last.then(async () => {
      if (await fits) write(text);
      this.#waiting--;
    });
  };
}

interface LimitedOptions extends StoreContext {
  caller: Caller;
  secrets: Secrets;
  filter?: Filter;
}
