// A part of a screen that is loaded when it is first shown.
import { createElement, type JSX } from 'preact';
import { type Lazy, useLazy } from '../state/lazy.ts';
import { ProblemNote } from './problem-note.tsx';
import { Skeleton } from './skeleton.tsx';

export interface LazyPartProps<P> {
  of: Lazy<P>;
  props: P;
}

export function LazyPart<P extends object>({ of, props }: LazyPartProps<P>): JSX.Element {
  const { Component, problem } = useLazy(of);
  if (Component) return createElement(Component, props);
  return problem ? (
    <ProblemNote problem={problem} onRetry={() => globalThis.location.reload()} />
  ) : (
    <Skeleton rows={2} />
  );
}
