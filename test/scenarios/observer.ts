// Observations of the ACS of a scenario besides its answers: events, log lines and changes of the store.
import type { EventBus } from '../../acs/events.ts';
import type { Store } from '../../acs/store/store.ts';
import { changesOf, type Facts, factsOf } from './facts.ts';

/** Events that the ladder, the facts or the command itself show already. */
const shownElsewhere = new Set(['rpc', 'inform', 'task', 'change', 'fault']);
/** Fields that say nothing in one process under a virtual clock. */
const dull = new Set([
  'time',
  'level',
  'msg',
  'member',
  'claim',
  'milliseconds',
  'bytesUp',
  'bytesDown',
  'tls',
  'address',
  'since',
  'events',
  'samples',
]);

export class Observer {
  #facts: Facts = new Map([['open sessions', '0']]);
  /** Events and log lines since they were last taken, in order. */
  #happened: { line: string; fields: string; isEvent: boolean }[] = [];

  /** Number of observations that were not taken yet. */
  get count(): number {
    return this.#happened.length;
  }

  watch(events: EventBus): void {
    events.all((name, event) => {
      if (shownElsewhere.has(name)) return;
      const fields = fieldsOf(JSON.parse(JSON.stringify(event)) as Record<string, unknown>);
      this.#happened.push({ line: `event ${name} ${fields}`, fields, isEvent: true });
    });
  }

  /** Takes a line of the log. */
  log(line: string): void {
    const entry = JSON.parse(line) as Record<string, unknown>;
    const fields = fieldsOf(entry);
    this.#happened.push({ line: `log ${entry.level} "${entry.msg}" ${fields}`, fields, isEvent: false });
  }

  /** Events, log lines that are not their echo, and what changed in the store, since the last call. */
  async take(store: Store | undefined, now: number, sessions: number): Promise<string[]> {
    const happened = this.#happened.splice(0);
    const events = new Set(happened.filter(({ isEvent }) => isEvent).map(({ fields }) => fields));
    const lines = happened
      .filter(({ isEvent, fields }) => isEvent || !events.has(fields))
      .map(({ line }) => line.trimEnd());
    if (!store) return lines;
    const facts = await factsOf(store, now);
    facts.set('open sessions', String(sessions));
    const changes = changesOf(this.#facts, facts);
    this.#facts = facts;
    return [...lines, ...changes];
  }
}

const fieldsOf = (entry: Record<string, unknown>): string =>
  Object.entries(entry)
    .filter(([name, value]) => !dull.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
