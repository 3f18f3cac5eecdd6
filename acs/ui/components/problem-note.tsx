// A call that failed: what, and what to do, in the words of the server; with the age of what is shown beside it.
import type { JSX } from 'preact';
import type { Problem } from '../api/problem.ts';
import { frame } from '../words/en/frame.ts';
import { timeOfDay } from '../words/format.ts';
import { textsOf } from '../words/texts.ts';
import { Note } from './note.tsx';

const words = textsOf('frame', frame);

export interface ProblemNoteProps {
  problem: Problem;
  /** The time of the data that stays on screen, in milliseconds. */
  at?: number | undefined;
  onRetry?: (() => void) | undefined;
}

export const ProblemNote = ({ problem, at, onRetry }: ProblemNoteProps): JSX.Element => (
  <Note tone="bad" isAlert>
    <p>{problem.code === 'unreachable' ? words().unreachable : problem.message}</p>
    {problem.hint && <p class="ink-2">{problem.hint}</p>}
    <p class="row">
      {at !== undefined && <span class="ink-3">{words().asOf(timeOfDay(at))}</span>}
      {onRetry && (
        <button class="btn tiny" type="button" onClick={onRetry}>
          {words().tryAgain}
        </button>
      )}
    </p>
  </Note>
);
