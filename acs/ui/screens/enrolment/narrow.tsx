// A filter that narrows the devices of a part of enrolment, with values that are frequent among them; the address keeps it.
import type { JSX } from 'preact';
import { quotedText } from '../../../query/quote.ts';
import { countFacets } from '../../api/devices.ts';
import type { Problem } from '../../api/problem.ts';
import { FilterBar } from '../../components/filter/filter-bar.tsx';
import { place, setQuery } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('enrolment', enrolment);
/** Fields of which values are shown, each with its most frequent ones. */
const FIELDS = ['productClass', 'provisioningCode'] as const;
const MOST = 4;

/** Both conditions in one filter. */
export const within = (state: string, filter: string): string =>
  filter === '' ? `state = "${state}"` : `state = "${state}" and (${filter})`;

export interface NarrowProps {
  state: 'quarantine' | 'known';
  /** The devices that fit, as far as they are known. */
  total: number | undefined;
  problem: Problem | undefined;
}

export function Narrow({ state, total, problem }: NarrowProps): JSX.Element {
  const filter = place.value.query.get('q') ?? '';
  const narrow = (q: string): void => setQuery({ q, at: undefined });
  return (
    <div class="body stack tight">
      <FilterBar text={filter} onText={narrow} problem={problem} />
      {total !== undefined && total > 1 && <Frequent state={state} filter={filter} total={total} onPick={narrow} />}
    </div>
  );
}

interface FrequentProps {
  state: string;
  filter: string;
  total: number;
  onPick: (filter: string) => void;
}

/** Values that some of the devices have, and not all: each narrows the filter. */
function Frequent({ state, filter, total, onPick }: FrequentProps): JSX.Element | null {
  const found = useResource(
    `${state} ${filter} ${total}`,
    async signal => (await countFacets({ filter: within(state, filter), by: FIELDS, top: MOST }, signal)).facets,
    { keeps: true },
  );
  const values = FIELDS.flatMap(field =>
    (found.value?.[field]?.values ?? []).map(({ value, count }) => ({ field, value, count })),
  ).filter(({ count }) => count < total);
  if (values.length === 0) return null;
  return (
    <div class="chips">
      {values.map(({ field, value, count }) => {
        const condition = `${field} = ${quotedText(value)}`;
        return (
          <button
            class="chip"
            type="button"
            key={condition}
            title={condition}
            onClick={() => onPick(filter === '' ? condition : `(${filter}) and ${condition}`)}
          >
            {words().some(number(count), value)}
          </button>
        );
      })}
    </div>
  );
}
