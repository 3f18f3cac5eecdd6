// The palette: devices, actions, pages and saved views by a few letters.
import { Fragment, type JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { listViews } from '../../api/views.ts';
import { Dialog } from '../../components/dialogs/dialog.tsx';
import { Icon } from '../../components/icon.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { go, hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';
import { pages } from '../pages.ts';
import { type DeviceHits, useDeviceHits } from './device-hits.ts';
import { type Entry, entriesFor } from './entries.ts';

const words = textsOf('frame', frame);

export function Palette({ onClose }: { onClose: () => void }): JSX.Element {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [isHeld, setHeld] = useState(false);
  const views = useResource(may('listViews') ? 'views' : undefined, listViews);
  const hits = useDeviceHits(text, isHeld);
  const listed = entriesFor({
    text,
    words: words(),
    views: views.value ?? [],
    pages: pages.filter(({ needs }) => may(needs)),
  });
  const entries = [...deviceEntries(hits), ...listed];
  const chosen = Math.min(at, entries.length - 1);
  const act = (entry: Entry | undefined): void => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.repeat) setHeld(true);
    if (event.key === 'Enter') act(entries[chosen]);
    else if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, entries.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={words().jump} onClose={onClose} isBare>
      <div class="ask">
        <Icon name="search" />
        <input
          data-focus
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-results"
          aria-activedescendant={entries[chosen] ? `palette-${chosen}` : undefined}
          aria-label={words().jump}
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={event => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          onKeyUp={() => setHeld(false)}
        />
        <kbd>Esc</kbd>
      </div>
      {hits.problem && <ProblemNote problem={hits.problem} />}
      <Results entries={entries} chosen={chosen} act={act} />
      <footer>
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> {words().paletteKeys.choose}
        </span>
        <span>
          <kbd>&gt;</kbd> {words().paletteKeys.actions}
        </span>
        <span>
          <kbd>#</kbd> {words().paletteKeys.views}
        </span>
      </footer>
    </Dialog>
  );
}

const deviceEntries = ({ devices }: DeviceHits): Entry[] =>
  devices.map(({ id = '', serial = '', productClass, address, site }) => ({
    id,
    group: words().pages.devices,
    text: serial,
    detail: [productClass, site?.name, address].filter(Boolean).join(' · '),
    icon: 'devices',
    run: () => go(hrefOf(`/devices/${encodeURIComponent(id)}/summary`)),
  }));

function Results({
  entries,
  chosen,
  act,
}: {
  entries: readonly Entry[];
  chosen: number;
  act: (entry: Entry) => void;
}): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  useEffect(
    () => list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }),
    [chosen],
  );
  return (
    <div class="list" role="listbox" id="palette-results" aria-label={words().results} ref={list}>
      {entries.length === 0 && (
        <div role="option" aria-selected="false" aria-disabled="true" tabIndex={-1}>
          {words().nothingFound}
        </div>
      )}
      {entries.map((entry, number) => (
        <Fragment key={entry.id}>
          {entry.group !== entries[number - 1]?.group && (
            <div class="sep" role="presentation">
              {entry.group}
            </div>
          )}
          <div
            id={`palette-${number}`}
            role="option"
            tabIndex={-1}
            aria-selected={number === chosen}
            onPointerDown={event => {
              event.preventDefault();
              act(entry);
            }}
          >
            {entry.icon && <Icon name={entry.icon} />}
            <Marked text={entry.text} marks={entry.marks ?? []} />
            {entry.detail && <span class="ink-3 cut">{entry.detail}</span>}
            <span class="num">{entry.keys && <kbd>{entry.keys}</kbd>}</span>
          </div>
        </Fragment>
      ))}
    </div>
  );
}

function Marked({ text, marks }: { text: string; marks: readonly number[] }): JSX.Element {
  const parts: JSX.Element[] = [];
  let from = 0;
  for (let at = 0; at < marks.length; at += 2) {
    const begin = marks[at] ?? 0;
    const end = marks[at + 1] ?? begin;
    parts.push(<span key={from}>{text.slice(from, begin)}</span>, <mark key={begin}>{text.slice(begin, end)}</mark>);
    from = end;
  }
  return (
    <span>
      {parts}
      {text.slice(from)}
    </span>
  );
}
