// The devices: found by a filter, compared in a list of any length, and acted on as one.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { curlOf } from '../../api/call.ts';
import { type DeviceEntry, listDevices } from '../../api/devices.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Empty } from '../../components/empty.tsx';
import { FilterBar } from '../../components/filter/filter-bar.tsx';
import { Grid } from '../../components/grid/grid.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { now } from '../../state/clock.ts';
import { go, hrefOf, place } from '../../state/location.ts';
import { type PagedList, usePages } from '../../state/pages.ts';
import { summary } from '../../state/summary.ts';
import { devices } from '../../words/en/devices.ts';
import { frame } from '../../words/en/frame.ts';
import { span } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { columnOf, columnSortedBy, sortFieldOf, titleOf } from './columns.tsx';
import { DeviceFacets, useFacets } from './device-facets.tsx';
import { movedColumns, rememberList, type Search, searchOf, setColumns, setSort, setText } from './search.ts';
import { useListKeys } from './use-list-keys.ts';
import { Views } from './views.tsx';

const words = textsOf('devices', devices);
const frameWords = textsOf('frame', frame);
/** Rows that can be reached by an offset, with a page after it. */
const MAX_ROWS = 100_100;

const useDeviceList = ({ filter, sort, fields, at }: Search): PagedList<DeviceEntry> =>
  usePages(
    JSON.stringify([filter, sort, fields]),
    async ({ offset, cursor, count }, signal) =>
      await listDevices(
        {
          filter: filter || undefined,
          sort,
          fields,
          limit: 100,
          ...(cursor === undefined ? { offset: offset || undefined } : { cursor }),
          ...(count ? { count } : {}),
        },
        signal,
      ),
    at,
  );

export function DevicesScreen(): JSX.Element {
  const search = searchOf(place.value);
  const list = useDeviceList(search);
  const [begun, setBegun] = useState<{ text: string } | undefined>(undefined);
  const isReady = list.at !== undefined && !list.isLoading;
  const facets = useFacets(search.filter, isReady);
  const isFilterWrong = list.problem?.column !== undefined;
  return (
    <>
      <Head total={list.total} isKnown={list.at !== undefined} search={search} />
      <Views
        search={search}
        view={place.value.query.get('view') ?? ''}
        isReady={isReady}
        onSave={() => undefined}
        revision={0}
      />
      <FilterBar text={search.text} onText={setText} problem={list.problem} begun={begun} />
      {list.problem && !isFilterWrong && <ProblemNote problem={list.problem} at={list.at} onRetry={list.reload} />}
      <div class="split">
        {facets.value ? (
          <DeviceFacets
            text={search.text}
            counts={facets.value}
            onText={setText}
            onBegin={text => setBegun({ text })}
          />
        ) : (
          <aside class="facets" aria-label={words().facets} />
        )}
        <div class="stack tight">
          {list.at !== undefined && list.total === 0 ? (
            <Empty title={words().noneYet} />
          ) : (
            <List search={search} list={list} />
          )}
        </div>
      </div>
    </>
  );
}

const all = (): number => Object.values(summary.value?.states ?? {}).reduce((sum, each) => sum + each, 0);

const Head = ({ total, isKnown, search }: { total: number; isKnown: boolean; search: Search }): JSX.Element => (
  <div class="head">
    <div class="stack">
      <h1>
        {words().title(isKnown ? total : all())}{' '}
        {search.filter !== '' && <span class="ink-3">{words().ofAll(all())}</span>}
      </h1>
    </div>
    <div class="row actions">
      <CopyButton class="btn notphone" icon="link" text={() => globalThis.location.href}>
        {frameWords().copyLink}
      </CopyButton>
      <CopyButton class="btn notphone" icon="terminal" text={() => curlOfSearch(search)}>
        {frameWords().copyCurl}
      </CopyButton>
    </div>
  </div>
);

const curlOfSearch = ({ filter, sort, fields }: Search): string =>
  curlOf('GET', '/devices', { query: { filter: filter || undefined, sort, fields, limit: 1000 } });

function List({ search, list }: { search: Search; list: PagedList<DeviceEntry> }): JSX.Element {
  const [at, setAt] = useState(search.at);
  const [cellAt, setCellAt] = useState(1);
  const [seen, setSeen] = useState({ first: 0, last: 0 });
  const total = Math.min(list.total, MAX_ROWS);
  useEffect(() => {
    if (list.key !== undefined && at > 0) setAt(Math.min(search.at, Math.max(0, total - 1)));
  }, [list.key]);
  const column = columnSortedBy(search.sort.replace(/^-/, ''));
  const open = ({ id = '' }: DeviceEntry): void => {
    rememberList(search);
    go(hrefOf(`/devices/${encodeURIComponent(id)}/summary`));
  };
  useListKeys({ search, list, at, setAt, cellAt, open });
  return (
    <>
      <div class="foot bar-top">
        <span>{words().sortedBy(titleOf(column), search.sort.startsWith('-'))}</span>
        {list.at !== undefined && <span class="notphone">{words().counted(span(now.value - list.at), list.took)}</span>}
      </div>
      <Grid
        label={words().list(list.total)}
        columns={search.columns.map(columnOf)}
        total={list.at === undefined ? 12 : total}
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
        isBusy={list.isLoading}
        listKey={list.key}
      />
      <div class="foot">
        <span>{words().rows(Math.min(seen.first + 1, total), Math.min(seen.last + 1, total), list.total)}</span>
        {list.total > MAX_ROWS && <span class="warn">{words().rowsBound(MAX_ROWS)}</span>}
        <KeyHints />
      </div>
    </>
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
