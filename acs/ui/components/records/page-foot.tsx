// The foot of a list in pages: how much of it is shown, and the button for more.
import type { ComponentChildren, JSX } from 'preact';
import type { GrowingList } from '../../state/growing-list.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';
import { ProblemNote } from '../problem-note.tsx';
import { Skeleton } from '../skeleton.tsx';

const words = textsOf('records', records);

export interface PageFootProps {
  pages: GrowingList<unknown>;
  /** Shown in place of a list without entries. */
  empty?: ComponentChildren;
}

export function PageFoot({ pages, empty }: PageFootProps): JSX.Element {
  const { items, total, isExact, problem, at, reload, hasMore, more, isLoading } = pages;
  if (!items) return problem ? <ProblemNote problem={problem} onRetry={reload} /> : <Skeleton />;
  const shown = items.length;
  return (
    <>
      {problem && <ProblemNote problem={problem} at={at} onRetry={reload} />}
      {shown === 0 && empty}
      {shown > 0 && (
        <footer class="foot">
          <span>{countText(shown, total, isExact)}</span>
          {hasMore && (
            <button class="btn tiny" type="button" disabled={isLoading} onClick={more}>
              {words().more}
            </button>
          )}
        </footer>
      )}
    </>
  );
}

function countText(shown: number, total: number | undefined, isExact: boolean): string {
  if (total === undefined) return words().entries(shown);
  return isExact ? words().shown(shown, total) : words().atLeast(shown, total);
}
