// The devices: found by a filter, compared in a list of any length, and acted on as one.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeviceEntry } from '../../api/devices.ts';
import { Empty } from '../../components/empty.tsx';
import { FilterBar } from '../../components/filter/filter-bar.tsx';
import { Icon } from '../../components/icon.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { useShortcuts } from '../../state/keys.ts';
import { type Lazy, useLazy } from '../../state/lazy.ts';
import { place } from '../../state/location.ts';
import type { PagedList } from '../../state/pages.ts';
import { may } from '../../state/session.ts';
import { summary } from '../../state/summary.ts';
import { devices } from '../../words/en/devices.ts';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';
import type { AnnounceProps } from './announce.tsx';
import type { ColumnsProps } from './columns-dialog.tsx';
import type { CopiesProps } from './copies.tsx';
import type { DeviceFacetsProps } from './device-facets.tsx';
import { List } from './list.tsx';
import type { NoMatchProps } from './no-match.tsx';
import type { SaveViewProps } from './save-view.tsx';
import { type Search, searchOf, setColumns, setText } from './search.ts';
import { useDeviceList } from './use-device-list.ts';
import { useFacets } from './use-facets.ts';
import type { ViewsProps } from './views.tsx';

const words = textsOf('devices', devices);
const general = textsOf('frame', frame);

type Over = 'columns' | 'save' | 'announce';

const columnsDialog: Lazy<ColumnsProps> = { load: async () => (await import('./layers.ts')).ColumnsDialog };
const saveView: Lazy<SaveViewProps> = { load: async () => (await import('./layers.ts')).SaveView };
const announce: Lazy<AnnounceProps> = { load: async () => (await import('./layers.ts')).Announce };
const deviceFacets: Lazy<DeviceFacetsProps> = { load: async () => (await import('./layers.ts')).DeviceFacets };
const savedViews: Lazy<ViewsProps> = { load: async () => (await import('./layers.ts')).Views };
const copies: Lazy<CopiesProps> = { load: async () => (await import('./layers.ts')).Copies };
const noMatch: Lazy<NoMatchProps> = { load: async () => (await import('./layers.ts')).NoMatch };

export function DevicesScreen(): JSX.Element {
  const search = searchOf(place.value);
  const view = place.value.query.get('view') ?? '';
  const list = useDeviceList(search);
  const [begun, setBegun] = useState<{ text: string } | undefined>(undefined);
  const [over, setOver] = useState<Over | undefined>(undefined);
  const [areFacetsShown, setFacetsShown] = useState(false);
  const [revision, setRevision] = useState(0);
  const isReady = list.at !== undefined && !list.isLoading;
  const facets = useFacets(search.filter, isReady);
  const { Component: DeviceFacets } = useLazy(facets.value ? deviceFacets : undefined);
  const { Component: Views } = useLazy(savedViews);
  const isFilterWrong = list.problem?.column !== undefined;
  useShortcuts([{ keys: 'c', label: words().keys.columns, run: () => setOver('columns') }]);
  return (
    <>
      <Head {...{ list, search }} onOver={setOver} onFacets={() => setFacetsShown(!areFacetsShown)} />
      {Views ? (
        <Views {...{ search, view, isReady, revision }} onSave={() => setOver('save')} />
      ) : (
        <nav class="chips" aria-label={words().views} />
      )}
      <FilterBar text={search.text} onText={setText} problem={list.problem} begun={begun} />
      {list.problem && !isFilterWrong && <ProblemNote problem={list.problem} at={list.at} onRetry={list.reload} />}
      <div class={areFacetsShown ? 'split open' : 'split'}>
        {facets.value && DeviceFacets ? (
          <DeviceFacets
            text={search.text}
            counts={facets.value}
            onText={setText}
            onBegin={text => setBegun({ text })}
          />
        ) : (
          <aside class="facets" aria-label={words().facets}>
            {facets.problem && !list.problem && <ProblemNote problem={facets.problem} onRetry={facets.reload} />}
          </aside>
        )}
        <div class="stack tight">
          {list.at !== undefined && list.total === 0 ? (
            <Nothing filter={search.filter} onAnnounce={() => setOver('announce')} />
          ) : (
            <List search={search} list={list} />
          )}
        </div>
      </div>
      <Layer
        {...{ over, search, view }}
        onClose={() => setOver(undefined)}
        onChanged={() => {
          setRevision(count => count + 1);
          list.reload();
        }}
      />
    </>
  );
}

interface LayerProps {
  over: Over | undefined;
  search: Search;
  view: string;
  onClose: () => void;
  onChanged: () => void;
}

/** The dialogs of the screen, each loaded when it is first opened. */
function Layer({ over, search, view, onClose, onChanged }: LayerProps): JSX.Element | null {
  const columns = useLazy(over === 'columns' ? columnsDialog : undefined).Component;
  const save = useLazy(over === 'save' ? saveView : undefined).Component;
  const add = useLazy(over === 'announce' ? announce : undefined).Component;
  const [Columns, Save, Add] = [columns, save, add];
  return (
    <>
      {Columns && <Columns columns={search.columns} onColumns={setColumns} onClose={onClose} />}
      {Save && <Save search={search} view={view} onSaved={onChanged} onClose={onClose} />}
      {Add && <Add onAnnounced={onChanged} onClose={onClose} />}
    </>
  );
}

function Nothing({ filter, onAnnounce }: { filter: string; onAnnounce: () => void }): JSX.Element | null {
  const { Component } = useLazy(filter === '' ? undefined : noMatch);
  if (filter !== '') return Component ? <Component filter={filter} onText={setText} /> : null;
  return (
    <Empty title={words().noneYet} text={words().noneYetText}>
      {may('announceDevices') && (
        <button class="btn primary" type="button" onClick={onAnnounce}>
          {words().announce}
        </button>
      )}
    </Empty>
  );
}

const all = (): number => Object.values(summary.value?.states ?? {}).reduce((sum, each) => sum + each, 0);

interface HeadProps {
  list: PagedList<DeviceEntry>;
  search: Search;
  onOver: (over: Over) => void;
  onFacets: () => void;
}

function Head({ list, search, onOver, onFacets }: HeadProps): JSX.Element {
  const { Component: Copies } = useLazy(copies);
  return (
    <div class="head">
      <div class="stack">
        <h1>
          {words().title(list.at === undefined ? all() : list.total)}{' '}
          {search.filter !== '' && <span class="ink-3">{words().ofAll(all())}</span>}
        </h1>
      </div>
      <div class="row actions">
        <button class="btn onlyphone" type="button" onClick={onFacets}>
          {words().facets}
        </button>
        <button class="btn" type="button" onClick={() => onOver('columns')}>
          <Icon name="columns" />
          {words().columnsButton} <span class="ink-3">{search.columns.length}</span>
        </button>
        {Copies ? <Copies search={search} /> : <RoomOfCopies />}
        {may('announceDevices') && (
          <button class="btn" type="button" onClick={() => onOver('announce')}>
            <Icon name="plus" />
            {words().announce}
          </button>
        )}
      </div>
    </div>
  );
}

/** The room of buttons that come after the first rows, so that the others stay in their places. */
const RoomOfCopies = (): JSX.Element => (
  <>
    {[general().copyLink, general().copyCurl].map(text => (
      <span key={text} class="btn notphone" aria-hidden="true" style={{ visibility: 'hidden' }}>
        <Icon name="link" />
        {text}
      </span>
    ))}
  </>
);
