// Sums up events for a client that wants them a few times a second: of those of one type about one object only the last is sent.
import type { Clock } from '../../../shared/clock.ts';
import { type AcsEvents, deviceOf, type EventName } from '../../events.ts';

/** Objects of which events are held at a time; of others only the number is sent. */
const MAX_HELD = 1000;

export class Summing {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #push: (text: string) => void;
  #held = new Map<string, { text: string; count: number }>();
  #more: Record<string, number> = {};
  #timer: { cancel(): void } | undefined;

  constructor(clock: Clock, ms: number, push: (text: string) => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#push = push;
  }

  /** @param text of an event that may be shown */
  add(name: EventName, event: AcsEvents[EventName], text: string): void {
    const key = `${name} ${subjectOf(event)}`;
    const held = this.#held.get(key);
    if (held) Object.assign(held, { text, count: held.count + 1 });
    else if (this.#held.size < MAX_HELD) this.#held.set(key, { text, count: 1 });
    else this.#more[name] = (this.#more[name] ?? 0) + 1;
    this.#timer ??= this.#clock.after(this.#ms, () => this.#flush());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #flush(): void {
    const [held, more] = [this.#held, this.#more];
    this.#held = new Map();
    this.#more = {};
    this.#timer = undefined;
    for (const { text, count } of held.values()) this.#push(count > 1 ? withSum(text, count) : text);
    if (Object.keys(more).length > 0) this.#push(`event: more\ndata: ${JSON.stringify(more)}\n\n`);
  }
}

const END = '}\n\n';

/** The text of an event with the number of those that it stands for. */
const withSum = (text: string, count: number): string => `${text.slice(0, -END.length)},"summed":${count}${END}`;

/** The object that an event is about: a device, or a rollout, alert, webhook by its name. */
function subjectOf(event: AcsEvents[EventName]): string {
  const { rollout, alert, webhook, name, group } = event as Readonly<Record<string, unknown>>;
  return [deviceOf(event), rollout, alert, webhook, name, group].filter(part => typeof part === 'string').join(' ');
}
