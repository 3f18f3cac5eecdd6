// What the unit has to tell: the ledger, kept durably while timers, listeners and the running session all add to it.
import type { EventEntry } from '../../shared/cwmp/methods.ts';
import type { Device } from '../state/device.ts';
import type { AgentFacts, DownloadRequest } from '../state/facts.ts';
import * as ledger from './event-ledger.ts';
import { notificationOf } from './inform.ts';

/** What one Inform tells. */
export interface InformContent {
  events: readonly EventEntry[];
  changed: readonly string[];
  /** Paths that changed again since then; grows while the session runs. */
  changedAgain: Set<string>;
}

const idle: Promise<void> = Promise.resolve();
const nothing: readonly EventEntry[] = [];

export class PendingEvents {
  readonly #device: Device;
  /** Nothing is written any more: the unit stopped. */
  readonly #isOver: () => boolean;
  #now: InformContent | undefined;
  #knocked = false;
  #notes = idle;

  constructor(device: Device, isOver: () => boolean) {
    this.#device = device;
    this.#isOver = isOver;
  }

  /** Events on their way in the running session. */
  get telling(): readonly EventEntry[] {
    return this.#now?.events ?? nothing;
  }

  /** Notes an event. */
  happened(code: string): void {
    this.#note(facts => ledger.happened(facts, code, '', this.telling));
  }

  /** Notes a file that the unit wants from the ACS. */
  downloadRequested(wish: DownloadRequest): void {
    this.#note(facts => ledger.downloadRequested(facts, wish, this.telling));
  }

  /** Turns ScheduleInforms whose time has come into events. */
  scheduledDue(): void {
    // A timer may run a little before its time.
    const due = this.#device.clock.now() + 20;
    this.#note(facts => ledger.scheduledDue(facts, due, this.telling));
  }

  /** Notes changes of parameters that the ACS wants to hear of. @returns the strongest notification among them: 0, 1 passive, 2 active */
  changed(paths: readonly string[]): number {
    const device = this.#device;
    const noted = paths.filter(path => notificationOf(device, path) > 0);
    if (noted.length === 0) return 0;
    for (const path of noted) this.#now?.changedAgain.add(path);
    this.#note(facts => {
      facts.changed = [...new Set([...facts.changed, ...noted])];
    });
    return Math.max(...noted.map(path => notificationOf(device, path)));
  }

  /** A connection request was accepted; told once and never kept (TR-069 3.7.1.5). */
  knocked(): void {
    this.#knocked = true;
  }

  /** Runs after everything noted so far is durable. */
  after(step: () => Promise<void> | void): void {
    const notes = this.#notes
      .then(() => (this.#isOver() ? undefined : step()))
      .catch((error: unknown) => this.#device.log.error('state could not be kept', { error }))
      .then(() => {
        if (this.#notes === notes) this.#notes = idle;
      });
    this.#notes = notes;
  }

  #note(change: (facts: AgentFacts) => void): void {
    this.after(() => this.#device.state.record(change));
  }

  /** Resolves when everything noted so far is durable. */
  settled(): Promise<void> {
    return this.#notes;
  }

  /** Composes what the Inform to this ACS says; until `done`, the same news happening again is news again. */
  async take(url: string): Promise<InformContent> {
    const device = this.#device;
    await this.#notes;
    if (ledger.bootstrapDue(device.state.facts, url)) await device.state.record(facts => ledger.bootstrapped(facts));
    const events = ledger.eventsToReport(device.state.facts, this.#knocked);
    this.#knocked = false;
    this.#now = { events, changed: [...device.state.facts.changed], changedAgain: new Set() };
    return this.#now;
  }

  done(): void {
    this.#now = undefined;
  }
}
