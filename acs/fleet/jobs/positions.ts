// The positions of devices in jobs: moved in groups, each only from what was read, and announced one by one.
import type { JobPosition, JobPositionBody, JobState } from '../../store/job-positions.ts';
import { eachPage } from '../../store/paging.ts';
import type { FleetContext } from '../common/context.ts';

/** Positions that one commit changes: some milliseconds of work. */
export const MOVES = 200;

/** The changes of a move; the reason and the code go unless they are given again. */
export interface Move {
  state: JobState;
  due?: number;
  code?: string;
  reason?: string;
  body?: Partial<JobPositionBody>;
}

/** The position after a move, which is not stored yet. */
function moved(position: JobPosition, { state, due = 0, code = '', reason, body }: Move, now: number): JobPosition {
  const { reason: _reason, task: _task, ...kept } = position.body;
  const since = state === position.state ? kept.since : now;
  return {
    ...position,
    ...{ state, due, code },
    version: position.version + 1,
    body: { ...kept, since, ...(reason === undefined ? {} : { reason }), ...body },
  };
}

/** A position before and after a move. */
export type MovePair = readonly [before: JobPosition, after: JobPosition];

export const movePair = (position: JobPosition, move: Move, now: number): MovePair => [
  position,
  moved(position, move, now),
];

export class JobPositions {
  readonly #context: Pick<FleetContext, 'store' | 'clock' | 'events'>;

  constructor(context: Pick<FleetContext, 'store' | 'clock' | 'events'>) {
    this.#context = context;
  }

  /** Stores moves, and announces those that enter another state. @returns those that were stored: the others were changed meanwhile */
  async move(moves: readonly MovePair[]): Promise<JobPosition[]> {
    const { store, events } = this.#context;
    const stored: JobPosition[] = [];
    for (let at = 0; at < moves.length; at += MOVES) {
      const some = moves.slice(at, at + MOVES);
      const kept = await store.moveJobPositions(some.map(([, after]) => after));
      for (const [index, [before, after]] of some.entries()) {
        if (!kept[index]) continue;
        stored.push(after);
        if (before.state !== after.state) events.emit('job', announced(after));
      }
    }
    return stored;
  }

  /** Moves one position. @returns whether it was as it was read */
  async moveOne(position: JobPosition, move: Move): Promise<boolean> {
    return (await this.move([movePair(position, move, this.#context.clock.now())])).length === 1;
  }

  /** Moves every position in a state in the same way. */
  async moveAll(job: string, state: JobState, move: (position: JobPosition) => Move | undefined): Promise<number> {
    let count = 0;
    for await (const items of this.pages(job, state)) {
      const now = this.#context.clock.now();
      const moves = items.flatMap(position => {
        const to = move(position);
        return to ? [movePair(position, to, now)] : [];
      });
      count += (await this.move(moves)).length;
    }
    return count;
  }

  /** Reads the positions in a state, each page after the work on the one before. */
  async *pages(job: string, state?: JobState): AsyncGenerator<readonly JobPosition[]> {
    const query = { job, ...(state === undefined ? {} : { state }), limit: MOVES };
    yield* eachPage(query, page => this.#context.store.jobPositions(page));
  }
}

const announced = ({ job, device, state, wave, code, body: { reason } }: JobPosition) => ({
  ...{ job, device, state, wave },
  ...(code === '' ? {} : { code }),
  ...(reason === undefined ? {} : { reason }),
});
