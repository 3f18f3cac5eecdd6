// The counts of the fleet, kept new by the event stream, and the state of that line.
import { signal } from '@preact/signals';
import type { LineState } from '../api/events.ts';
import { isAborted, type Problem, problemOf } from '../api/problem.ts';
import type { Summary } from '../api/shapes.ts';
import { getSummary } from '../api/summary.ts';
import { checkSession } from './session.ts';
import { openCarried } from './stream.ts';

export const summary = signal<Summary | undefined>(undefined);
export const summaryProblem = signal<Problem | undefined>(undefined);
export const line = signal<LineState>('connecting');

/** Loads the counts, and follows them. @returns ends that */
export function followSummary(): () => void {
  const stop = new AbortController();
  const load = async (): Promise<void> => {
    try {
      summary.value = await getSummary(stop.signal);
      summaryProblem.value = undefined;
    } catch (error) {
      if (!isAborted(error)) summaryProblem.value = problemOf(error);
    }
  };
  let wasLive = false;
  void load();
  const end = openCarried({
    onState: state => {
      // The server ends a line when the rights of its caller change.
      if (state === 'live' && wasLive) void checkSession();
      wasLive ||= state === 'live';
      line.value = state;
    },
    onLine: () => void checkSession(),
    onEvent: (type, event) => {
      if (type === 'summary') summary.value = event as unknown as Summary;
      else void load();
    },
  });
  return () => {
    stop.abort();
    end();
    // The next caller may not know them.
    summary.value = undefined;
    summaryProblem.value = undefined;
  };
}
