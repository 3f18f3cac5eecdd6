// The presets: which devices each fits, who wins, who changed it last, and how many faults it has.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { listDeletedPresets, listPresets, type PresetEntry } from '../../api/presets.ts';
import { Age } from '../../components/age.tsx';
import { Empty } from '../../components/empty.tsx';
import { Icon } from '../../components/icon.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useShortcuts } from '../../state/keys.ts';
import { hrefOf, place, setQuery } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { presets } from '../../words/en/presets.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { shownValue } from './document.ts';
import { enrolledOf } from './effects/use-fit.ts';
import { NameDialog } from './name-dialog.tsx';

const words = textsOf('presets', presets);
const COUNT_MS = 30_000;

export function PresetsScreen(): JSX.Element {
  const found = useResource('presets', listPresets, { everyMs: COUNT_MS });
  const [isNaming, setNaming] = useState(false);
  const mayAdd = may('putPreset');
  const word = place.value.query.get('q') ?? '';
  // A list of devices leads here with the filter of a new preset.
  const when = place.value.query.get('new') ?? undefined;
  const close = (): void => {
    setNaming(false);
    setQuery({ new: undefined });
  };
  const items = found.value ?? [];
  const shown = items.filter(entry => isMeant(entry, word));
  useShortcuts(mayAdd ? [{ keys: 'n', label: words().newPreset, run: () => setNaming(true) }] : []);
  const add = mayAdd && (
    <button class="btn primary" type="button" onClick={() => setNaming(true)}>
      <Icon name="plus" />
      {words().newPreset}
    </button>
  );
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().title}</h1>
          <p class="ink-2">{words().purpose}</p>
        </div>
        {items.length > 0 && <div class="row actions">{add}</div>}
      </div>
      {found.problem && <ProblemNote problem={found.problem} at={found.at} onRetry={found.reload} />}
      {found.value === undefined && !found.problem && <Skeleton rows={6} />}
      {found.value !== undefined && items.length === 0 && (
        <Empty title={words().noneYet} text={words().noneYetHint}>
          {add}
        </Empty>
      )}
      {items.length > 0 && (
        <>
          <div class="filter">
            <Icon name="search" />
            <input
              class="q"
              type="search"
              aria-label={words().find}
              placeholder={words().find}
              value={word}
              onInput={event => setQuery({ q: event.currentTarget.value || undefined })}
            />
          </div>
          <PresetTable items={shown} />
        </>
      )}
      <Deleted />
      {(isNaming || when !== undefined) && (
        <NameDialog
          title={words().newPreset}
          document={when === undefined ? undefined : { when, weight: 0, set: {} }}
          names={items.map(({ name }) => name)}
          onClose={close}
        />
      )}
    </>
  );
}

/** True for a word of its name or of what it says. */
const isMeant = (entry: PresetEntry, word: string): boolean =>
  word === '' || JSON.stringify(entry).toLowerCase().includes(word.toLowerCase());

const PresetTable = ({ items }: { items: readonly PresetEntry[] }): JSX.Element => (
  <section class="panel">
    <table class="table stacks">
      <thead>
        <tr>
          <th scope="col">{words().name}</th>
          <th scope="col" class="num">
            {words().weightColumn}
          </th>
          <th scope="col">{words().fields.when}</th>
          <th scope="col" class="num">
            {words().fits}
          </th>
          <th scope="col" class="num">
            {words().faults}
          </th>
          <th scope="col">{words().lastChange}</th>
        </tr>
      </thead>
      <tbody>
        {items.map(entry => (
          <PresetRow key={entry.name} entry={entry} />
        ))}
      </tbody>
    </table>
  </section>
);

function PresetRow({ entry }: { entry: PresetEntry }): JSX.Element {
  const { name, fits, faults = 0, time, author, comment, broken } = entry;
  const when = shownValue(entry.when);
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf(`/presets/${encodeURIComponent(name)}`)}>
          <b>{name}</b>
        </a>
        {broken !== undefined && <p class="bad wrap-any">{words().broken(broken)}</p>}
      </th>
      <td class="num" data-l={words().weightColumn}>
        {shownValue(entry.weight) ?? 0}
      </td>
      <td class="mono wrap-any">{when ?? <span class="ink-3">{words().allDevices}</span>}</td>
      <td class="num" data-l={words().fits}>
        {typeof fits === 'number' ? (
          <a href={hrefOf('/devices', { q: enrolledOf(when ?? '') })}>{number(fits)}</a>
        ) : (
          '–'
        )}
      </td>
      <td class="num" data-l={words().faults}>
        {faults > 0 ? (
          <a class="bad" href={hrefOf('/faults', { q: `preset = "${name}"` })}>
            {number(faults)}
          </a>
        ) : (
          '0'
        )}
      </td>
      <td>
        <Age at={time} /> {author ? words().byAuthor(author) : words().byServer} {comment && <q>{comment}</q>}
      </td>
    </tr>
  );
}

/** Names of which only versions are left. */
function Deleted(): JSX.Element | null {
  const deleted = useResource('deleted', listDeletedPresets);
  const items = deleted.value ?? [];
  if (items.length === 0) return null;
  return (
    <details>
      <summary>{words().deletedPresets(items.length)}</summary>
      <ul class="stack tight">
        {items.map(({ name, time, author }) => (
          <li key={name}>
            <a href={hrefOf(`/presets/${encodeURIComponent(name)}`)}>{name}</a> <Age at={time} />{' '}
            {author ? words().byAuthor(author) : words().byServer}
          </li>
        ))}
      </ul>
    </details>
  );
}
