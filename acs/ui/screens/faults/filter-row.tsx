// The filter of the faults: which devices, grouped by what, which kind.
import type { JSX } from 'preact';
import type { Problem } from '../../api/problem.ts';
import { FilterBar } from '../../components/filter/filter-bar.tsx';
import { faults } from '../../words/en/faults/faults.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { type Asked, ask, kinds } from './query.ts';

const words = textsOf('faults', faults);

export interface FilterRowProps {
  wish: Asked;
  counts: Readonly<Record<'all' | 'today' | 'drift', number>> | undefined;
  /** Faults in groups that are muted. */
  muted: number;
  problem: Problem | undefined;
}

export function FilterRow({ wish, counts, muted, problem }: FilterRowProps): JSX.Element {
  const countOf = { all: counts?.all, today: counts?.today, drift: counts?.drift, muted };
  return (
    <div class="row">
      <div class="filter-cell">
        <FilterBar text={wish.text} problem={problem} onText={q => ask({ q })} />
      </div>
      <label class="row nowrap">
        <span class="small ink-2">{words().groupBy}</span>
        <select
          class="input by"
          value={wish.by ?? ''}
          onChange={event => ask({ by: event.currentTarget.value, open: undefined })}
        >
          {Object.entries(words().by).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <nav class="chips" aria-label={words().kinds}>
        {kinds.map(kind => (
          <button
            class="chip"
            type="button"
            key={kind}
            aria-current={wish.kind === kind}
            onClick={() => ask({ kind: kind === 'all' ? undefined : kind })}
          >
            {words().kind[kind]} <b>{countOf[kind] === undefined ? '' : number(countOf[kind])}</b>
          </button>
        ))}
      </nav>
    </div>
  );
}
