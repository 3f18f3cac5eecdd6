// The state of a device of a crash run: it survives sessions, and in part a factory reset.
import type { Random } from '../../shared/clock.ts';
import type { Journal } from './journal.ts';

/** The fate of an image: written and run, refused by a fault, or reported as taken while the old version keeps running. */
export type Manner = 'good' | 'refuse' | 'old';

export interface CrashCpeSettings {
  serial: string;
  url: string;
  journal: Journal;
  random: Random;
  /** Without it there are no images: all that is fetched is a file. */
  manner?: Manner;
  /** It refuses to set anything. */
  isStubborn?: boolean;
}

export class CpeState {
  readonly id: string;
  readonly settings: CrashCpeSettings;
  /** The firmware that it runs. */
  version = '1.0';
  readonly values = new Map<string, string>();
  parameterKey = '';
  /** Events of the next Inform, with `|CommandKey` where they have one; acknowledged, they are gone. */
  events = ['0 BOOTSTRAP', '1 BOOT'];
  /** Restarts that are due after the session. */
  readonly departures: { method: 'Reboot' | 'FactoryReset'; key: string }[] = [];

  constructor(settings: CrashCpeSettings) {
    this.settings = settings;
    this.id = `00C0DE-Box-${settings.serial}`;
  }

  get journal(): Journal {
    return this.settings.journal;
  }

  addEvents(...events: string[]): void {
    this.events = [...new Set([...this.events, ...events])];
  }

  /** TR-069 3.7.1.5 Table 8: with 0 BOOTSTRAP all that was not delivered yet is discarded. */
  reset(): void {
    this.values.clear();
    this.parameterKey = '';
    this.events = ['0 BOOTSTRAP', '1 BOOT'];
  }
}
