// Events and changes that wait to be reported: the ledger, stored durably while timers, endpoints and the running session add to it.
import type { EventEntry } from '../../shared/cwmp/methods.ts';
import type { Device } from '../state/device.ts';
import type { AgentFacts } from '../state/facts.ts';
import * as ledger from './event-ledger.ts';
import { notificationOf } from './settings.ts';

/** The events and changes that one Inform reports. */
export interface InformContent {
  events: readonly EventEntry[];
  changed: readonly string[];
  /** Paths that changed again since the Inform; grows while the session runs. */
  changedAgain: Set<string>;
}

export interface PendingHost {
  readonly device: Device;
  /** Once the run is over, nothing is written any more. */
  readonly loop: { readonly isOver: boolean };
}

const idle: Promise<void> = Promise.resolve();
const nothing: readonly EventEntry[] = [];

export class PendingEvents {
  readonly #agent: PendingHost;
  #inFlight: InformContent | undefined;
  #connectionRequested = false;
  #notes = idle;

  constructor(agent: PendingHost) {
    this.#agent = agent;
  }

  /** A session runs. */
  get isInFlight(): boolean {
    return this.#inFlight !== undefined;
  }

  /** Events that the running session reports. */
  get inFlight(): readonly EventEntry[] {
    return this.#inFlight?.events ?? nothing;
  }

  happened(code: string): void {
    this.note((facts, inFlight) => ledger.happened(facts, code, '', inFlight));
  }

  /** Notes changes of parameters that the ACS is notified of. @returns the strongest notification among them: 0, 1 passive, 2 active */
  changed(paths: readonly string[]): number {
    const { device } = this.#agent;
    const noted = paths.filter(path => notificationOf(device, path) > 0);
    if (noted.length === 0) return 0;
    for (const path of noted) this.#inFlight?.changedAgain.add(path);
    this.note(facts => {
      facts.changed = [...new Set([...facts.changed, ...noted])];
    });
    return Math.max(...noted.map(path => notificationOf(device, path)));
  }

  /** A connection request was accepted; reported once and never kept (TR-069 3.7.1.5). */
  connectionRequested(): void {
    this.#connectionRequested = true;
  }

  /** Runs after everything noted so far is durable. */
  after(step: () => Promise<void> | void): void {
    const { device, loop } = this.#agent;
    const notes = this.#notes
      .then(() => (loop.isOver ? undefined : step()))
      .catch((error: unknown) => device.log.error('agent state not stored', { error }))
      .then(() => {
        if (this.#notes === notes) this.#notes = idle;
      });
    this.#notes = notes;
  }

  /** Changes the facts after everything noted so far. @param change takes the events that the running session reports too */
  note(change: (facts: AgentFacts, inFlight: readonly EventEntry[]) => void): void {
    this.after(() => this.#agent.device.state.record(facts => change(facts, this.inFlight)));
  }

  /** Resolves when everything noted so far is durable. */
  settled(): Promise<void> {
    return this.#notes;
  }

  /** Composes the content of the Inform to this ACS; until `done`, an event that happens again is a new one. */
  async take(url: string): Promise<InformContent> {
    const { state } = this.#agent.device;
    await this.#notes;
    if (ledger.bootstrapDue(state.facts, url)) await state.record(facts => ledger.bootstrapped(facts));
    const events = ledger.eventsToReport(state.facts, this.#connectionRequested);
    this.#connectionRequested = false;
    this.#inFlight = { events, changed: [...state.facts.changed], changedAgain: new Set() };
    return this.#inFlight;
  }

  done(): void {
    this.#inFlight = undefined;
  }
}
