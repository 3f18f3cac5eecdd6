// The saved views above the list: all, lost, and those that the reader or others have saved.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { countDevices } from '../../api/devices.ts';
import { isAborted } from '../../api/problem.ts';
import { listViews, type View } from '../../api/views.ts';
import { Icon } from '../../components/icon.tsx';
import { nowMs } from '../../state/clock.ts';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { devices } from '../../words/en/devices.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import type { Search } from './search.ts';

const words = textsOf('devices', devices);
/** Views whose devices are counted. */
const MAX_COUNTED = 12;
/** Their numbers do not hang on the filter: they are counted again with the rows of another one, but not at each key. */
const COUNTED_MS = 10_000;

interface Chip extends Pick<View, 'name' | 'q' | 'cols' | 'sort'> {
  key: string;
}

const chipsOf = (views: readonly View[]): Chip[] => [
  { key: '', name: words().all, q: '', cols: [], sort: '' },
  { key: 'lost', name: words().lost, q: 'lost', cols: [], sort: '' },
  ...views.map(({ name, author, q, cols, sort, mine }) => ({
    key: `${mine ? '' : author} ${name}`,
    name,
    q,
    cols,
    sort,
  })),
];

const hrefOfView = ({ q, cols, sort, name, key }: Chip): string =>
  hrefOf('/devices', { q, cols: cols.join(','), sort, view: key === '' || key === 'lost' ? '' : name });

export interface ViewsProps {
  search: Search;
  /** The name of the view in the address. */
  view: string;
  isReady: boolean;
  onSave: () => void;
  /** Grows when views have changed. */
  revision: number;
}

export function Views({ search, view, isReady, onSave, revision }: ViewsProps): JSX.Element {
  const views = useResource(`views ${revision}`, listViews, { keeps: true });
  const chips = chipsOf(views.value ?? []);
  const counts = useCounts(
    chips.slice(0, MAX_COUNTED).map(({ q }) => q),
    isReady,
  );
  return (
    <nav class="chips" aria-label={words().views}>
      {chips.map(chip => (
        <a
          key={chip.key}
          class="chip"
          href={hrefOfView(chip)}
          {...(chip.q === search.text && (view === '' || view === chip.name)
            ? { 'aria-current': 'true' as const }
            : {})}
        >
          {chip.name} {counts.has(chip.q) && <b>{number(counts.get(chip.q) ?? 0)}</b>}
        </a>
      ))}
      <button class="chip" type="button" onClick={onSave}>
        <Icon name="plus" />
        {words().saveView}
      </button>
    </nav>
  );
}

/** The numbers of devices of filters, counted one after the other. */
function useCounts(filters: readonly string[], isReady: boolean): ReadonlyMap<string, number> {
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map());
  const key = filters.join('\n');
  const counted = useRef({ key: '', at: 0 });
  useEffect(() => {
    const isKnown = counted.current.key === key && nowMs() - counted.current.at < COUNTED_MS;
    if (!isReady || isKnown) return;
    const stop = new AbortController();
    const count = async (): Promise<void> => {
      for (const filter of key.split('\n')) {
        try {
          const found = await countDevices(filter, stop.signal);
          setCounts(before => new Map([...before, [filter, found]]));
        } catch (error) {
          if (isAborted(error)) return;
          // A view whose filter is refused has no number; opening it says why.
          setCounts(before => new Map([...before].filter(([each]) => each !== filter)));
        }
      }
      counted.current = { key, at: nowMs() };
    };
    void count();
    return () => stop.abort();
  }, [key, isReady]);
  return counts;
}
