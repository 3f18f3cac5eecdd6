// What the unit has to tell: the ledger, kept durably while timers, listeners and the running session all add to it.
import type { EventEntry } from '../../shared/cwmp/methods.ts';
import type { AgentFacts, Device, DownloadWish } from '../state/device.ts';
import { notificationOf } from './inform.ts';
import * as ledger from './ledger.ts';

/** What one Inform tells. */
export interface Telling {
  events: readonly EventEntry[];
  changed: readonly string[];
  /** Paths that changed again since then; grows while the session runs. */
  changedAgain: Set<string>;
}

export interface News {
  /** Notes an event. */
  happened(code: string): void;
  /** Notes a file that the unit wants from the ACS. */
  wished(wish: DownloadWish): void;
  /** Turns ScheduleInforms whose time has come into events. */
  scheduledDue(): void;
  /** Notes changes of parameters that the ACS wants to hear of. @returns the strongest notification among them: 0, 1 passive, 2 active */
  changed(paths: readonly string[]): number;
  /** A connection request was accepted; told once and never kept (TR-069 3.7.1.5). */
  knocked(): void;
  /** Runs after everything noted so far is durable. */
  then(step: () => Promise<void> | void): void;
  /** Resolves when everything noted so far is durable. */
  settled(): Promise<void>;
  /** Composes what the Inform to this ACS says; until `done`, the same news happening again is news again. */
  take(url: string): Promise<Telling>;
  done(): void;
  readonly telling: readonly EventEntry[];
}

/** @param isOver nothing is written any more: the unit stopped */
export function createNews(device: Device, isOver: () => boolean): News {
  const nothing: Telling = { events: [], changed: [], changedAgain: new Set() };
  let now: Telling | undefined;
  let knocked = false;
  let notes: Promise<void> = Promise.resolve();
  const telling = (): readonly EventEntry[] => (now ?? nothing).events;

  const then = (step: () => Promise<void> | void): void => {
    notes = notes
      .then(() => (isOver() ? undefined : step()))
      .catch((error: unknown) => device.log.error('state could not be kept', { error }));
  };
  const note = (change: (facts: AgentFacts) => void): void => then(() => device.record(change));

  return {
    wished: wish => note(facts => ledger.wished(facts, wish, telling())),
    happened: code => note(facts => ledger.happened(facts, code, '', telling())),
    scheduledDue() {
      // A timer may run a little before its time.
      const due = device.clock.now() + 20;
      note(facts => ledger.scheduledDue(facts, due, telling()));
    },
    changed(paths) {
      const noted = paths.filter(path => notificationOf(device, path) > 0);
      if (noted.length === 0) return 0;
      for (const path of noted) now?.changedAgain.add(path);
      note(facts => {
        facts.changed = [...new Set([...facts.changed, ...noted])];
      });
      return Math.max(...noted.map(path => notificationOf(device, path)));
    },
    knocked() {
      knocked = true;
    },
    then,
    settled: () => notes,
    async take(url) {
      await notes;
      if (ledger.bootstrapDue(device.facts, url)) await device.record(facts => ledger.bootstrapped(facts));
      const events = ledger.eventsToTell(device.facts, knocked);
      knocked = false;
      now = { events, changed: [...device.facts.changed], changedAgain: new Set() };
      return now;
    },
    done() {
      now = undefined;
    },
    get telling() {
      return telling();
    },
  };
}
