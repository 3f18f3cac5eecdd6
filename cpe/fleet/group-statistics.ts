// The numbers of a group of units: sessions, failures, power cuts, and the time until each unit was informed.
import type { Clock } from '../../shared/clock.ts';
import type { SessionReport } from '../agent/session/session.ts';
import type { FleetUnit, UnitWatcher } from './fleet-unit.ts';
import type { GroupReport } from './report.ts';

export class GroupStatistics implements UnitWatcher {
  /** Resolves when each unit has had a good session. */
  readonly everyoneInformed: Promise<void>;
  sessions = 0;
  failed = 0;
  readonly #clock: Clock;
  readonly #began: number;
  readonly #units: number;
  /** Milliseconds from the start to the first good session, of the units that had one. */
  readonly #first: number[] = [];
  readonly #failures: Record<string, number> = {};
  #powerCuts = 0;
  #resolveInformed: () => void = () => undefined;

  /** @param units number of units in the group */
  constructor(clock: Clock, began: number, units: number) {
    this.#clock = clock;
    this.#began = began;
    this.#units = units;
    this.everyoneInformed = new Promise<void>(resolve => {
      this.#resolveInformed = resolve;
    });
  }

  /** Units with at least one good session. */
  get informed(): number {
    return this.#first.length;
  }

  powerFailed(): void {
    this.#powerCuts++;
  }

  sessionEnded(unit: FleetUnit, { ok, error }: SessionReport): void {
    this.sessions++;
    if (!ok) {
      this.failed++;
      const kind = error?.kind ?? 'unknown';
      this.#failures[kind] = (this.#failures[kind] ?? 0) + 1;
    } else if (unit.goodSessions === 1) {
      this.#first.push(this.#clock.monotonic() - this.#began);
      if (this.#first.length === this.#units) this.#resolveInformed();
    }
  }

  report(): Omit<GroupReport, 'units' | 'memory'> {
    return { first: [...this.#first], failures: { ...this.#failures }, powerCuts: this.#powerCuts };
  }
}
