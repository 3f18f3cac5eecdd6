// Work of steps that takes seconds, such as connection requests: it runs beside the engine, which asks for the outcome later.
import { setMaxListeners } from 'node:events';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { JobPosition } from '../../store/job-positions.ts';
import type { StepOutcome } from './step.ts';

/** Outcomes that wait for the engine. Those of jobs that were paused or aborted meanwhile are never taken. */
const MAX_ENDED = 20_000;

type Place = Pick<JobPosition, 'job' | 'device' | 'body'>;

const keyOf = ({ job, device, body: { step, attempt } }: Place): string => JSON.stringify([job, device, step, attempt]);

export class Background {
  readonly #log: Log;
  readonly #onEnd: (position: Place) => Promise<void>;
  readonly #stopped = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  readonly #ended = new Map<string, StepOutcome>();

  /** @param onEnd called when an outcome is there to be taken */
  constructor(log: Log, onEnd: (position: Place) => Promise<void>) {
    this.#log = log;
    this.#onEnd = onEnd;
    // Each connection request adds a listener.
    setMaxListeners(0, this.#stopped.signal);
  }

  /** Begins the work once. @returns its outcome when it has one */
  take(position: Place, work: (signal: AbortSignal) => Promise<StepOutcome>): StepOutcome | undefined {
    const key = keyOf(position);
    const outcome = this.#ended.get(key);
    this.#ended.delete(key);
    if (outcome || this.#running.has(key) || this.#stopped.signal.aborted) return outcome;
    const running = this.#run(key, position, work).finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return undefined;
  }

  async #run(key: string, position: Place, work: (signal: AbortSignal) => Promise<StepOutcome>): Promise<void> {
    try {
      this.#ended.set(key, await work(this.#stopped.signal));
      for (const oldest of this.#ended.keys()) {
        if (this.#ended.size <= MAX_ENDED) break;
        // Where it is wanted after all, the work is done again.
        this.#ended.delete(oldest);
      }
      await this.#onEnd(position);
    } catch (error) {
      // The engine begins it again when it looks at the position.
      this.#log.debug('job step in background failed', { device: position.device, reason: messageOf(error) });
    }
  }

  /** Ends what runs. */
  async stop(): Promise<void> {
    this.#stopped.abort(new DOMException('the ACS closes', 'AbortError'));
    await Promise.all(this.#running.values());
  }
}
