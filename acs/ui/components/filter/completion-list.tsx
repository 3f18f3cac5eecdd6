// The completions below the filter, in groups.
import type { JSX } from 'preact';
import { filter as english } from '../../words/en/filter.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import type { Completion } from './completion.ts';

const words = textsOf('filter', english);

export interface CompletionListProps {
  id: string;
  found: readonly Completion[];
  chosen: number;
  onTake: (completion: Completion) => void;
}

export function CompletionList({ id, found, chosen, onTake }: CompletionListProps): JSX.Element {
  const groups = [...new Set(found.map(({ group }) => group))];
  return (
    <div class="complete pop" hidden={found.length === 0}>
      <div class="list" id={`${id}-list`} role="listbox" aria-label={words().completions}>
        {groups.map(group => (
          <>
            <div class="sep" role="presentation" key={group}>
              {group}
            </div>
            {found.map((completion, nth) =>
              completion.group === group ? (
                <div
                  key={`${group} ${completion.text}`}
                  id={`${id}-${nth}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={nth === chosen || (chosen < 0 && nth === 0)}
                  onMouseDown={event => {
                    event.preventDefault();
                    onTake(completion);
                  }}
                >
                  <span class="mono cut">{completion.text}</span>
                  <span class="ink-3 cut">{completion.note}</span>
                  {completion.count !== undefined && <span class="num">{number(completion.count)}</span>}
                </div>
              ) : null,
            )}
          </>
        ))}
      </div>
    </div>
  );
}
