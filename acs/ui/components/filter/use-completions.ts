// The completions at the caret, a moment after the last key. What makes them is loaded when they are first wanted.
import { useEffect, useState } from 'preact/hooks';
import { isAborted } from '../../api/problem.ts';
import { after } from '../../state/clock.ts';
import type { Completion } from './completion.ts';
import { writingAt } from './writing.ts';

const WAIT_MS = 60;

interface Known {
  /** The place in the text that they complete. */
  place: string;
  list: readonly Completion[];
}

/** @param text undefined while no completions are wanted @returns in the order in which they are shown */
export function useCompletions(text: string | undefined, caret: number): readonly Completion[] {
  const [{ place, list }, setKnown] = useState<Known>({ place: '', list: [] });
  const writing = text === undefined ? undefined : writingAt(text, caret);
  const here = writing ? `${writing.kind} ${writing.from}` : '';
  useEffect(() => {
    if (!writing) return;
    const stop = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const { completionsFor } = await import('./completions.ts');
        const found = await completionsFor(writing, stop.signal);
        if (!stop.signal.aborted) setKnown({ place: here, list: found });
      } catch (error) {
        // A field that the server does not know has no values, which the filter itself says.
        if (!isAborted(error)) setKnown({ place: here, list: [] });
      }
    };
    const cancel = after(writing.kind === 'test' || writing.kind === 'join' ? 0 : WAIT_MS, () => void ask());
    return () => {
      cancel();
      stop.abort();
    };
  }, [text, caret]);
  // Those of another place would be put in at the wrong one.
  return place === here && writing ? list.map(each => ({ ...each, to: caret })) : [];
}
