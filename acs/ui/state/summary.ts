// The counts of the fleet, kept new by the event stream, and the state of that line.
import { signal } from '@preact/signals';
import { type LineState, openStream } from '../api/events.ts';
import { isAborted, type Problem, problemOf } from '../api/problem.ts';
import type { Summary } from '../api/shapes.ts';
import { getSummary } from '../api/summary.ts';

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
  void load();
  const end = openStream({
    types: ['summary'],
    onState: state => {
      line.value = state;
    },
    onEvent: (type, event) => {
      if (type === 'summary') summary.value = event as unknown as Summary;
      else void load();
    },
  });
  return () => {
    stop.abort();
    end();
  };
}
