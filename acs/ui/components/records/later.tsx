// A part of a page whose code is loaded when it is first shown.
import type { JSX } from 'preact';
import { type Lazy, useLazy } from '../../state/lazy.ts';
import { ProblemNote } from '../problem-note.tsx';

export function Later<P extends object>({ of, props }: { of: Lazy<P>; props: P }): JSX.Element | null {
  const { Component, problem } = useLazy(of);
  if (Component) return <Component {...props} />;
  return problem ? <ProblemNote problem={problem} onRetry={() => globalThis.location.reload()} /> : null;
}
