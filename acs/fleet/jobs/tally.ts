// The devices of a job by state and wave: counted once from an index, and kept up to date by the moves of one step of the engine.
import {
  type JobCount,
  type JobPosition,
  type JobReason,
  type JobState,
  jobStates,
  MAX_EXAMPLES,
} from '../../store/job-positions.ts';

type ByState = Map<JobState, number>;

export class Tally {
  readonly #whole: ByState = new Map();
  /** Counts of each wave, so that a plan of many waves is read in one pass. */
  readonly #waves = new Map<number, ByState>();

  constructor(counts: Iterable<JobCount>) {
    for (const count of counts) this.add(count);
  }

  /** @param wave default: all waves */
  of(states: readonly JobState[], wave?: number): number {
    const counts = wave === undefined ? this.#whole : this.#waves.get(wave);
    return states.reduce((sum, state) => sum + (counts?.get(state) ?? 0), 0);
  }

  add({ state, wave, count }: JobCount): void {
    let ofWave = this.#waves.get(wave);
    if (!ofWave) {
      ofWave = new Map();
      this.#waves.set(wave, ofWave);
    }
    for (const counts of [this.#whole, ofWave]) counts.set(state, (counts.get(state) ?? 0) + count);
  }

  note(before: JobPosition, after: JobPosition): void {
    this.add({ ...before, count: -1 });
    this.add({ ...after, count: 1 });
  }

  /** Numbers of devices by state, of one wave or of all. */
  byState(wave?: number): Record<JobState, number> {
    return Object.fromEntries(jobStates.map(state => [state, this.of([state], wave)])) as Record<JobState, number>;
  }
}

/** A reason with the text of its first device. */
export type TextedReason = JobReason & { reason: string };

/** The reasons of positions that are read one by one. */
export class ReasonTally {
  readonly #reasons = new Map<string, TextedReason>();

  /** Counts a position, unless it has no reason. */
  add({ state, code, device, body }: JobPosition): void {
    if (code === '') return;
    const key = `${state} ${code}`;
    const known = this.#reasons.get(key) ?? { state, code, count: 0, examples: [], reason: body.reason ?? '' };
    known.count++;
    if (known.examples.length < MAX_EXAMPLES) known.examples.push(device);
    this.#reasons.set(key, known);
  }

  list(): TextedReason[] {
    return [...this.#reasons.values()];
  }
}
