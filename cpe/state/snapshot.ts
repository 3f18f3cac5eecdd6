// What one unit must not forget, kept together in one snapshot: configuration, the agent's facts, the unit's own.

import type { Note } from './commit.ts';
import type { StoredConfiguration } from './configuration.ts';
import type { AgentFacts } from './facts.ts';
import type { Persist } from './persist.ts';

/** A firmware pack in one of the unit's two banks. */
export interface Bank {
  product: string;
  version: string;
}

/** What services must not forget over a reboot or a power cut. */
export interface UnitFacts {
  /** Firmware in use; absent: what the unit was made with. */
  firmware?: Bank;
  /** The bank that is not in use. */
  recovery?: Bank;
  /** Installed, takes effect at the next boot. */
  pendingFirmware?: Bank;
  install?: { result: 'Success' | 'Fail'; at: string };
  script?: { result: 'Success' | 'ExecutionFailed' | 'TransferFailed'; at: string };
  /** SHA-256 of the script that ran last, by where the unit fetched it by itself. */
  scripts?: Record<string, string>;
  exported?: { result: 'Success' | 'ExportationFailed'; at: string };
  firstUse?: string;
}

interface StoredState {
  configuration: StoredConfiguration;
  facts: AgentFacts;
  unit: UnitFacts;
}

const newFacts = (): AgentFacts => ({
  bootstrapped: '',
  events: [],
  changed: [],
  retries: 0,
  transfers: [],
  scheduled: [],
  parameterKey: '',
  reportedVersion: '',
});

/** The unit whose configuration is part of the snapshot. */
interface SnapshotOwner {
  readonly config: { stored(): StoredConfiguration };
}

export class SnapshotStore {
  readonly persist: Persist;
  readonly #owner: SnapshotOwner;
  facts: AgentFacts;
  unitFacts: UnitFacts;
  /** Saves wait while several changes are made together. */
  #together = 0;
  #dirty = false;

  constructor(persist: Persist, owner: SnapshotOwner) {
    this.persist = persist;
    this.#owner = owner;
    const found = persist.found as StoredState | undefined;
    this.facts = found?.facts ?? newFacts();
    this.unitFacts = found?.unit ?? {};
  }

  /** The configuration that was found at opening. */
  get found(): StoredConfiguration | undefined {
    return (this.persist.found as StoredState | undefined)?.configuration;
  }

  async save(): Promise<void> {
    if (this.#together > 0) {
      this.#dirty = true;
      return;
    }
    await this.persist.save(
      (): StoredState => ({ configuration: this.#owner.config.stored(), facts: this.facts, unit: this.unitFacts }),
    );
  }

  /** Makes everything done inside one durable write. */
  async together<T>(work: () => Promise<T>): Promise<T> {
    this.#together++;
    try {
      return await work();
    } finally {
      this.#together--;
      if (this.#together === 0 && this.#dirty) {
        this.#dirty = false;
        await this.save();
      }
    }
  }

  /** Changes the agent's facts; durable when resolved. */
  async record(change: (facts: AgentFacts) => void): Promise<void> {
    change(this.facts);
    await this.save();
  }

  /** Changes the facts of the services; durable when resolved. */
  async remember(change: (facts: UnitFacts) => void): Promise<void> {
    change(this.unitFacts);
    await this.save();
  }

  /** Everything but the firmware (TR-069 A.4.1.6), with the configuration as it is now. */
  async forget(): Promise<void> {
    // Files first: a power cut in between finds the reset still due, and does it again.
    for (const name of await this.persist.list()) await this.persist.drop(name);
    const { firmware, recovery, firstUse } = this.unitFacts;
    this.facts = newFacts();
    this.unitFacts = { ...(firmware && { firmware }), ...(recovery && { recovery }), ...(firstUse && { firstUse }) };
    await this.save();
  }
}

/** TR-069 A.3.2.1: ParameterKey is set by success, and only by that. */
export function parameterKeyNote(store: SnapshotStore, parameterKey: string): Note {
  const before = store.facts.parameterKey;
  return {
    make: () => {
      store.facts.parameterKey = parameterKey;
    },
    undo: () => {
      store.facts.parameterKey = before;
    },
  };
}
