// The versions of a preset: who changed what and when, the newest first.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { compareVersions, listVersions, type VersionChange, type VersionEntry } from '../../../api/presets.ts';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { Skeleton } from '../../../components/skeleton.tsx';
import { hrefOf, place } from '../../../state/location.ts';
import { type Resource, useResource } from '../../../state/resource.ts';
import { presets } from '../../../words/en/presets.ts';
import { dateTime, day } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { type Change, keyOf, labelOf, shownValue } from '../document.ts';

const words = textsOf('presets', presets);
/** Versions whose changes are shown at once. */
const FIRST = 5;

export const useVersions = (name: string, etag: string | undefined): Resource<VersionEntry[]> =>
  useResource(etag === undefined ? undefined : `${name} ${etag}`, async signal => await listVersions(name, signal), {
    keeps: true,
  });

export interface VersionsPanelProps {
  name: string;
  versions: Resource<VersionEntry[]>;
  /** Not saved yet. */
  changes: readonly Change[];
  isChanged: boolean;
}

export function VersionsPanel({ name, versions, changes, isChanged }: VersionsPanelProps): JSX.Element {
  const [isAll, setAll] = useState(false);
  const items = versions.value ?? [];
  const shown = isAll ? items : items.slice(0, FIRST);
  const compare =
    items.length > 1 && hrefOf(place.value.path, { v: String(items[1]?.version), against: String(items[0]?.version) });
  return (
    <section class="panel" id="versions">
      <header>
        <h2>{words().versions}</h2>
        {compare && (
          <a class="push small" href={compare}>
            {words().compareTwo}
          </a>
        )}
      </header>
      <div class="body">
        {versions.problem && <ProblemNote problem={versions.problem} at={versions.at} onRetry={versions.reload} />}
        {versions.isLoading && items.length === 0 && <Skeleton rows={3} />}
        <ol class="timeline long">
          {isChanged && (
            <li>
              <time>{words().now}</time>
              <span class="st warn" />
              <span class="about wrap-any">
                <span>
                  <b>{words().notSaved}</b>
                </span>
                <ChangeList changes={changes} />
              </span>
            </li>
          )}
          {shown.map(entry => (
            <VersionRow key={entry.version} name={name} entry={entry} />
          ))}
        </ol>
        {shown.length < items.length && (
          <button class="btn tiny" type="button" onClick={() => setAll(true)}>
            {words().showAll(items.length)}
          </button>
        )}
      </div>
    </section>
  );
}

const changeText = ({ path, from, to }: Change): string =>
  words().change(labelOf(path), shownValue(from) ?? words().nothing, shownValue(to) ?? words().nothing);

function VersionRow({ name, entry }: { name: string; entry: VersionEntry }): JSX.Element {
  const { version, time, author, comment, current, deleted } = entry;
  const comparison = useResource(
    `${name} ${version}`,
    async signal => await compareVersions(name, { to: version }, signal),
  );
  const { changes = [], from } = comparison.value ?? {};
  return (
    <li>
      <time dateTime={time} title={`${dateTime(time)} · ${time}`}>
        {day(time)}
      </time>
      <span class={`st ${current ? 'ok' : 'idle'}`} />
      <span class="about wrap-any">
        <span>
          <a href={hrefOf(place.value.path, { v: String(version) })}>
            <b>{version}</b>
          </a>{' '}
          {author ? words().byAuthor(author) : words().byServer}
        </span>
        {comment && (
          <span>
            <q>{comment}</q>
          </span>
        )}
        {deleted ? (
          <span class="bad">{words().deletion}</span>
        ) : from === null ? (
          <span>{words().firstVersion}</span>
        ) : (
          <ChangeList changes={changes.map(pathed)} />
        )}
      </span>
    </li>
  );
}

/** A change as the server tells it. */
const pathed = ({ field, parameter, from, to }: VersionChange): Change => ({
  path: parameter === undefined ? [field] : [field, parameter],
  from,
  to,
});

const ChangeList = ({ changes }: { changes: readonly Change[] }): JSX.Element => (
  <>
    {changes.slice(0, 3).map(change => (
      <span key={keyOf(change.path)}>{changeText(change)}</span>
    ))}
    {changes.length > 3 && <span class="ink-3">{words().moreChanges(changes.length - 3)}</span>}
  </>
);
