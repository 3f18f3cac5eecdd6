// The durable state of one unit, kept together in one snapshot: configuration, the agent's facts, the facts of the services.
import type { Note } from './commit.ts';
import type { StoredConfiguration } from './configuration.ts';
import type { AgentFacts } from './facts.ts';
import type { Persist } from './persist.ts';

/** A firmware pack in one of the unit's two banks. */
export interface Bank {
  product: string;
  version: string;
  /** SHA-256 of the image. */
  sha256?: string;
  /** It does not start: the unit comes up with the other bank. */
  isFaulty?: true;
}

/** Facts that services keep over a reboot or a power cut. Names of fields are those of the stored snapshot. */
export interface UnitFacts {
  /** Firmware in use; absent: the one that the unit was made with. */
  firmware?: Bank;
  /** The bank that is not in use. */
  recovery?: Bank;
  /** The unit was rescued: it runs the recovery bank. */
  isRescued?: true;
  /** Installed, takes effect at the next boot. */
  pendingFirmware?: Bank;
  install?: { result: 'Success' | 'Fail'; at: string };
  /** The pending firmware is the one that was in use before. */
  isRollback?: true;
  script?: { result: 'Success' | 'ExecutionFailed' | 'TransferFailed'; at: string };
  /** SHA-256 of the script that ran last, by the origin of its autonomous transfer. */
  scripts?: Record<string, string>;
  exported?: { result: 'Success' | 'ExportationFailed' | 'TransferFailed'; at: string };
  imageBackup?: { result: 'Success' | 'Failed' };
  imageRestore?: { result: 'Success' | 'ApplyFailed' | 'LoadFailed'; isReported: boolean };
  /** An image was accepted: the next start begins with it. */
  restoreDue?: { secret: string };
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
  /** Depth of `together`: saves wait until it is 0. */
  #together = 0;
  #dirty = false;

  constructor(persist: Persist, owner: SnapshotOwner) {
    this.persist = persist;
    this.#owner = owner;
    const found = persist.found as StoredState | undefined;
    this.facts = found?.facts ?? newFacts();
    this.unitFacts = found?.unit ?? {};
  }

  /** The configuration found at opening. */
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

  /** Makes all changes inside one durable write, made at the end. */
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

  /** Forgets all but the firmware (TR-069 A.4.1.6); the configuration is stored as it is now. */
  async forget(): Promise<void> {
    // Files first: after a power cut in between the reset is still due and runs again.
    for (const name of await this.persist.list()) await this.persist.drop(name);
    const { firmware, recovery, firstUse, isRescued } = this.unitFacts;
    this.facts = newFacts();
    this.unitFacts = {
      ...(firmware && { firmware }),
      ...(recovery && { recovery }),
      ...(isRescued && { isRescued }),
      ...(firstUse && { firstUse }),
    };
    await this.save();
  }
}

/** A note that sets ParameterKey together with a commit: TR-069 A.3.2.1 changes it only when the request succeeds. */
export function parameterKeyNote(store: SnapshotStore, parameterKey: string): Note {
  let before = '';
  return {
    make: () => {
      // Read here: an earlier change may have been under way when the request came.
      before = store.facts.parameterKey;
      store.facts.parameterKey = parameterKey;
    },
    undo: () => {
      store.facts.parameterKey = before;
    },
  };
}
