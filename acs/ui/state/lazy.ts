// Components that are loaded when they are first shown.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';

export interface Lazy<P> {
  load: () => Promise<ComponentType<P>>;
}

const loaded = new Map<object, unknown>();

/** @returns the component once it is there, or the reason why it could not be loaded */
export function useLazy<P>(lazy: Lazy<P> | undefined): { Component?: ComponentType<P>; problem?: Problem } {
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [, setCount] = useState(0);
  useEffect(() => {
    setProblem(undefined);
    if (!lazy || loaded.has(lazy)) return;
    lazy.load().then(
      component => {
        loaded.set(lazy, component);
        setCount(count => count + 1);
      },
      (error: unknown) => setProblem(problemOf(error)),
    );
  }, [lazy]);
  const Component = lazy && (loaded.get(lazy) as ComponentType<P> | undefined);
  return { ...(Component ? { Component } : {}), ...(problem ? { problem } : {}) };
}
