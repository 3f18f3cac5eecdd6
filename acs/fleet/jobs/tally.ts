// The devices of a job by state and wave: counted once from an index, and kept up to date by the moves of one step of the engine.
import { type JobCount, type JobPosition, type JobState, jobStates } from '../../store/job-positions.ts';

export class Tally {
  readonly #counts = new Map<string, number>();

  constructor(counts: readonly JobCount[]) {
    for (const { state, wave, count } of counts) this.#add(state, wave, count);
  }

  /** @param wave default: all waves */
  of(states: readonly JobState[], wave?: number): number {
    let sum = 0;
    for (const [key, count] of this.#counts) {
      const [state, ofWave] = key.split(' ');
      if (states.includes(state as JobState) && (wave === undefined || wave === Number(ofWave))) sum += count;
    }
    return sum;
  }

  note(before: JobPosition, after: JobPosition): void {
    this.#add(before.state, before.wave, -1);
    this.#add(after.state, after.wave, 1);
  }

  /** Numbers of devices by state, of one wave or of all. */
  byState(wave?: number): Record<JobState, number> {
    return Object.fromEntries(jobStates.map(state => [state, this.of([state], wave)])) as Record<JobState, number>;
  }

  #add(state: JobState, wave: number, count: number): void {
    const key = `${state} ${wave}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }
}
