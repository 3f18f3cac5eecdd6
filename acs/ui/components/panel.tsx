// A panel of a page that loads by itself: its failure is shown in it, beside what it knew before, and touches no other panel.
import type { ComponentChildren, JSX } from 'preact';
import type { Resource } from '../state/resource.ts';
import { ProblemNote } from './problem-note.tsx';
import { Skeleton } from './skeleton.tsx';

export interface PanelProps<T> {
  title: string;
  /** At the end of its header. */
  aside?: ComponentChildren;
  of: Resource<T>;
  children: (value: T) => ComponentChildren;
  class?: string;
  /** Rows of the skeleton. */
  rows?: number;
  /** The content brings its own spacing. */
  isBare?: boolean;
}

export function Panel<T>({ title, aside, of, children, class: classes, rows = 4, isBare }: PanelProps<T>): JSX.Element {
  const content = of.value === undefined ? null : children(of.value);
  return (
    <section class={`panel ${classes ?? ''}`} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {of.problem && (
        <div class="body">
          <ProblemNote problem={of.problem} at={of.at} onRetry={of.reload} />
        </div>
      )}
      {of.value === undefined && !of.problem && <Skeleton rows={rows} />}
      {content !== null && (isBare ? content : <div class="body">{content}</div>)}
    </section>
  );
}
