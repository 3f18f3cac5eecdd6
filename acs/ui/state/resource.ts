// Answers that a component loads: the last one stays, with its time, while a newer one comes or fails.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { isAborted, type Problem, problemOf } from '../api/problem.ts';
import { every, nowMs } from './clock.ts';

export interface Resource<T> {
  value: T | undefined;
  /** The time of `value`, in milliseconds. */
  at: number | undefined;
  /** The failure of the last attempt. */
  problem: Problem | undefined;
  isLoading: boolean;
  reload: () => void;
}

export interface ResourceOptions {
  /** The value of another key stays on screen until the new one is there: for filters. Default: it goes at once. */
  keeps?: boolean;
  /** Loads again after so many milliseconds, while the page is seen. */
  everyMs?: number;
}

/** An attempt that has had no answer for so long is begun again. */
const MAX_WAIT_MS = 30_000;

interface Known<T> {
  key: string | undefined;
  value: T | undefined;
  at: number | undefined;
  problem: Problem | undefined;
  isLoading: boolean;
}

/**
 * Loads again whenever `key` changes, and aborts the attempt before.
 * @param key undefined loads nothing
 */
export function useResource<T>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
  { keeps = false, everyMs }: ResourceOptions = {},
): Resource<T> {
  const [known, setKnown] = useState<Known<T>>({
    key: undefined,
    value: undefined,
    at: undefined,
    problem: undefined,
    isLoading: key !== undefined,
  });
  const [attempt, setAttempt] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  const reload = useCallback(() => setAttempt(count => count + 1), []);
  const begun = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (key === undefined) return;
    begun.current = nowMs();
    const stop = new AbortController();
    setKnown(before =>
      before.key === key || keeps
        ? { ...before, isLoading: true }
        : { key, value: undefined, at: undefined, problem: undefined, isLoading: true },
    );
    loader.current(stop.signal).then(
      value => {
        if (stop.signal.aborted) return;
        begun.current = undefined;
        setKnown({ key, value, at: nowMs(), problem: undefined, isLoading: false });
      },
      (error: unknown) => {
        if (stop.signal.aborted || isAborted(error)) return;
        begun.current = undefined;
        setKnown(before => ({ ...before, key, problem: problemOf(error), isLoading: false }));
      },
    );
    return () => {
      begun.current = undefined;
      stop.abort();
    };
  }, [key, attempt, keeps]);
  useEffect(() => {
    if (everyMs === undefined) return;
    // An answer that takes longer than the interval is waited for, but not for ever.
    const isWaited = (): boolean => begun.current !== undefined && nowMs() - begun.current < MAX_WAIT_MS;
    return every(everyMs, () => {
      if (!isWaited()) reload();
    });
  }, [everyMs, reload]);
  const isOther = known.key !== key && !keeps;
  return {
    value: isOther ? undefined : known.value,
    at: isOther ? undefined : known.at,
    problem: isOther ? undefined : known.problem,
    isLoading: known.isLoading || known.key !== key,
    reload,
  };
}
