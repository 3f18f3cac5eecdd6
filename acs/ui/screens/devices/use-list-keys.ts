// The keys of the list of devices.
import type { DeviceEntry } from '../../api/devices.ts';
import { comparisonOf, serialIn, withPart } from '../../state/filter-text.ts';
import { useShortcuts } from '../../state/keys.ts';
import type { PagedList } from '../../state/pages.ts';
import { devices } from '../../words/en/devices.ts';
import { textsOf } from '../../words/texts.ts';
import { cellValueOf, columnSortedBy, filterFieldOf, sortFieldOf } from './columns.tsx';
import { type Search, setSort, setText } from './search.ts';

const words = textsOf('devices', devices);

export interface ListKeys {
  search: Search;
  list: PagedList<DeviceEntry>;
  at: number;
  setAt: (at: number) => void;
  cellAt: number;
  open: (entry: DeviceEntry) => void;
  isPeeking: boolean;
  setPeeking: (isPeeking: boolean) => void;
}

/** Buttons and links have keys of their own. */
const isOnRow = ({ target }: KeyboardEvent): boolean =>
  target === document.body || (target instanceof HTMLElement && target.matches('tr, section'));

export function useListKeys({ search, list, at, setAt, cellAt, open, isPeeking, setPeeking }: ListKeys): void {
  const entry = list.itemAt(at);
  const column = search.columns[cellAt] ?? 'serial';
  const bySelf = (run: (entry: DeviceEntry) => void) => () => entry && run(entry);
  const compare = (isNot: boolean) =>
    bySelf(found =>
      setText(withPart(search.text, comparisonOf(filterFieldOf(column), cellValueOf(found, column), isNot))),
    );
  const { keys } = words();
  useShortcuts([
    { keys: 'j', label: keys.down, run: () => setAt(Math.min(list.total - 1, at + 1)) },
    { keys: 'k', label: keys.up, run: () => setAt(Math.max(0, at - 1)) },
    { keys: 'Enter', label: keys.open, when: isOnRow, run: bySelf(open) },
    { keys: 'Space', label: keys.peek, when: isOnRow, run: () => setPeeking(!isPeeking) },
    { keys: 'Escape', when: () => isPeeking, run: () => setPeeking(false) },
    { keys: 'x', label: keys.only, run: bySelf(({ serial = '' }) => setText(serialIn([serial]))) },
    { keys: 'f', label: keys.facet, run: compare(false) },
    { keys: '-', label: keys.exclude, run: compare(true) },
    {
      keys: 's',
      label: keys.sort,
      run: () => {
        const field = sortFieldOf(column);
        setSort(search.sort === field && columnSortedBy(field) === column ? `-${field}` : field);
      },
    },
  ]);
}
