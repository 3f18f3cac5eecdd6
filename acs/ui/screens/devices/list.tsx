// The rows that match, live, with the drawer beside them and the actions below.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { DeviceEntry } from '../../api/devices.ts';
import { Grid } from '../../components/grid/grid.tsx';
import { after, now } from '../../state/clock.ts';
import { type Lazy, useLazy } from '../../state/lazy.ts';
import { go, hrefOf, setQuery } from '../../state/location.ts';
import type { PagedList } from '../../state/pages.ts';
import { devices } from '../../words/en/devices.ts';
import { span } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import type { ActionBarProps } from './action-bar.tsx';
import { columnOf, columnSortedBy, sortFieldOf, titleOf } from './columns.tsx';
import type { PeekProps } from './peek.tsx';
import { movedColumns, rememberList, type Search, setColumns, setSort } from './search.ts';
import { useListKeys } from './use-list-keys.ts';
import { type Live, useLive } from './use-live.ts';

const words = textsOf('devices', devices);
/** Rows that can be reached by an offset, with a page after it. */
const MAX_ROWS = 100_100;
/** The address follows the row once it stands still. */
const ADDRESS_MS = 300;

const actionBar: Lazy<ActionBarProps> = { load: async () => (await import('./layers.ts')).ActionBar };
const peekDrawer: Lazy<PeekProps> = { load: async () => (await import('./layers.ts')).Peek };

/** The row with the focus, kept in the address. */
function useRow(search: Search, list: PagedList<DeviceEntry>): [number, (at: number) => void] {
  const [at, setAt] = useState(search.at);
  const last = Math.max(0, Math.min(list.total, MAX_ROWS) - 1);
  useEffect(() => {
    if (list.key !== undefined) setAt(Math.min(search.at, last));
  }, [list.key]);
  useEffect(() => after(ADDRESS_MS, () => setQuery({ at: at > 0 ? String(at) : undefined })), [at]);
  return [at, setAt];
}

export function List({ search, list }: { search: Search; list: PagedList<DeviceEntry> }): JSX.Element {
  const [at, setAt] = useRow(search, list);
  const [cellAt, setCellAt] = useState(1);
  const [seen, setSeen] = useState({ first: 0, last: 0 });
  const [isPeeking, setPeeking] = useState(false);
  const live = useLive(search, list, seen);
  const { Component: ActionBar } = useLazy(list.at === undefined ? undefined : actionBar);
  const { Component: Peek } = useLazy(isPeeking ? peekDrawer : undefined);
  const column = columnSortedBy(search.sort.replace(/^-/, ''));
  // A click on a link opens a device, too.
  useEffect(() => rememberList(search), [search.filter, search.sort]);
  const open = ({ id = '' }: DeviceEntry): void => {
    go(hrefOf(`/devices/${encodeURIComponent(id)}/summary`));
  };
  useListKeys({ search, list, at, setAt, cellAt, open, isPeeking, setPeeking });
  const entry = list.itemAt(at);
  return (
    <div class={isPeeking ? 'with-drawer' : ''}>
      <div class="stack tight">
        <Top search={search} list={list} live={live} column={column} />
        <Grid
          label={words().list(list.total)}
          columns={search.columns.map(columnOf)}
          total={list.at === undefined ? 12 : Math.min(list.total, MAX_ROWS)}
          itemAt={list.itemAt}
          sort={`${search.sort.startsWith('-') ? '-' : ''}${column}`}
          onSort={name => setSort(name.startsWith('-') ? `-${sortFieldOf(name.slice(1))}` : sortFieldOf(name))}
          onMoveColumn={(name, by) => setColumns(movedColumns(search.columns, name, by))}
          at={at}
          cellAt={cellAt}
          onAt={setAt}
          onCellAt={setCellAt}
          onOpen={open}
          onSeen={(first, last) => {
            setSeen({ first, last });
            list.look(first, last);
          }}
          isGone={live.isGone}
          isNew={live.isNew}
          isBusy={list.isLoading}
          listKey={list.key}
        />
        {ActionBar ? <ActionBar search={search} total={list.total} /> : <div class="selbar" />}
        <Foot list={list} seen={seen} />
      </div>
      {isPeeking && Peek && entry?.id && <Peek id={entry.id} onClose={() => setPeeking(false)} />}
    </div>
  );
}

interface TopProps {
  search: Search;
  list: PagedList<DeviceEntry>;
  live: Live;
  column: string;
}

const Top = ({ search, list, live, column }: TopProps): JSX.Element => (
  <div class="foot bar-top">
    <span>{words().sortedBy(titleOf(column), search.sort.startsWith('-'))}</span>
    {list.at !== undefined && <Counted at={list.at} took={list.took} />}
    {live.fresh > 0 && (
      <button class="chip accent push" type="button" onClick={list.reload}>
        {words().newMatch(live.fresh)}
      </button>
    )}
  </div>
);

/** It alone ticks. */
const Counted = ({ at, took }: { at: number; took: number }): JSX.Element => (
  <span class="notphone">{words().counted(span(now.value - at), took)}</span>
);

function Foot({ list, seen }: { list: PagedList<DeviceEntry>; seen: { first: number; last: number } }): JSX.Element {
  const total = Math.min(list.total, MAX_ROWS);
  return (
    <div class="foot">
      <span>{words().rows(Math.min(seen.first + 1, total), Math.min(seen.last + 1, total), list.total)}</span>
      {list.total > MAX_ROWS && <span class="warn">{words().rowsBound(MAX_ROWS)}</span>}
      <KeyHints />
    </div>
  );
}

const hinted = { move: ['j', 'k'], open: ['Enter'], peek: ['Space'], act: ['a'], all: ['?'] } as const;

const KeyHints = (): JSX.Element => (
  <span class="push row notphone">
    {(Object.keys(hinted) as (keyof typeof hinted)[]).map(name => (
      <Hint key={name} keys={hinted[name]} text={words().hints[name]} />
    ))}
  </span>
);

const Hint = ({ keys, text }: { keys: readonly string[]; text: string }): JSX.Element => (
  <>
    {keys.map(key => (
      <kbd key={key}>{key}</kbd>
    ))}
    {text}
  </>
);
