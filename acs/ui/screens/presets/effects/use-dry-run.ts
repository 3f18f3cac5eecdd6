// The dry run of a text: on demand, and some time after the last key once the text is whole. An older run ends with the next.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type DryRun, dryRunPreset, type Progress } from '../../../api/presets.ts';
import { isAborted, type Problem, problemOf } from '../../../api/problem.ts';
import { after, nowMs } from '../../../state/clock.ts';

const WAIT_MS = 2000;

export interface DryRunState {
  result: DryRun | undefined;
  /** The text that `result` or `problem` is about. */
  text: string | undefined;
  /** When it ended, in milliseconds, and how long it took. */
  at: number | undefined;
  ms: number | undefined;
  progress: Progress | undefined;
  isRunning: boolean;
  problem: Problem | undefined;
}

export interface DryRunControl extends DryRunState {
  run: () => void;
  cancel: () => void;
}

const none: DryRunState = {
  ...{ result: undefined, text: undefined, at: undefined, ms: undefined },
  ...{ progress: undefined, isRunning: false, problem: undefined },
};

/** @param isReady the text is whole: it runs by itself */
export function useDryRun(name: string, text: string, isStored: boolean, isReady: boolean): DryRunControl {
  const [state, setState] = useState<DryRunState>(none);
  const running = useRef<AbortController | undefined>(undefined);
  const cancel = useCallback(() => {
    running.current?.abort();
    running.current = undefined;
    setState(before => ({ ...before, isRunning: false, progress: undefined }));
  }, []);
  const run = useCallback(() => {
    cancel();
    const stop = new AbortController();
    running.current = stop;
    const begin = nowMs();
    const change = (next: Partial<DryRunState>): void => {
      if (!stop.signal.aborted) setState(before => ({ ...before, ...next }));
    };
    const ended = { isRunning: false, progress: undefined, text };
    change({ isRunning: true, problem: undefined });
    dryRunPreset({
      name,
      text: isStored ? undefined : text,
      onProgress: progress => change({ progress }),
      signal: stop.signal,
    }).then(
      result => change({ ...ended, result, at: nowMs(), ms: nowMs() - begin }),
      (error: unknown) => {
        if (!isAborted(error)) change({ ...ended, problem: problemOf(error) });
      },
    );
  }, [name, text, isStored, cancel]);
  useEffect(() => {
    if (!isReady) return cancel;
    const forget = after(WAIT_MS, run);
    return () => {
      forget();
      cancel();
    };
  }, [run, cancel, isReady]);
  return { ...state, run, cancel };
}
