// Two versions of a preset side by side, and the way back to the older one.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Document, getVersion, type VersionEntry } from '../../../api/presets.ts';
import { TextDiff } from '../../../components/diff/text-diff.tsx';
import { ValueChange } from '../../../components/diff/value-change.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { Skeleton } from '../../../components/skeleton.tsx';
import { setQuery } from '../../../state/location.ts';
import { useResource } from '../../../state/resource.ts';
import { presets } from '../../../words/en/presets.ts';
import { dateTime } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { changesBetween, keyOf, labelOf, shownValue, textOf } from '../document.ts';

const words = textsOf('presets', presets);

export interface ComparisonProps {
  name: string;
  versions: readonly VersionEntry[];
  /** Numbers of versions, as the address has them; '' is the text in the editor. */
  v: string;
  against: string;
  document: Document | undefined;
  /** Undefined where the caller may not. */
  onRestore: ((version: number) => void) | undefined;
}

export function ComparisonPanel(props: ComparisonProps): JSX.Element {
  const { name, versions, v, against, document, onRestore } = props;
  const [isText, setText] = useState(false);
  const older = useSide(name, v, document);
  const newer = useSide(name, against, document);
  const problem = older.problem ?? newer.problem;
  const both = older.value && newer.value ? { from: older.value, to: newer.value } : undefined;
  const isStored = versions.some(({ version, deleted, current }) => String(version) === v && !deleted && !current);
  return (
    <section class="panel" aria-label={words().comparison}>
      <header class="row">
        <h2>{words().comparison}</h2>
        <VersionChoice label={words().version} name="v" value={v} versions={versions} />
        <span aria-hidden="true">→</span>
        <VersionChoice label={words().against} name="against" value={against} versions={versions} />
        <button class="btn tiny push" type="button" aria-pressed={isText} onClick={() => setText(!isText)}>
          {words().asText}
        </button>
        {onRestore && isStored && (
          <button class="btn tiny" type="button" onClick={() => onRestore(Number(v))}>
            {words().restore(Number(v))}
          </button>
        )}
        <button class="btn tiny quiet" type="button" onClick={() => setQuery({ v: undefined, against: undefined })}>
          {words().closeComparison}
        </button>
      </header>
      {problem && <ProblemNote problem={problem} />}
      {!both && !problem && <Skeleton rows={3} />}
      {both &&
        (isText ? (
          <TextDiff from={textOf(both.from)} to={textOf(both.to)} label={words().comparison} />
        ) : (
          <Differences {...both} />
        ))}
    </section>
  );
}

/** A version, or what is in the editor. */
function useSide(name: string, version: string, document: Document | undefined) {
  const found = useResource(version === '' ? undefined : `${name} ${version}`, async signal => {
    const { content } = await getVersion(name, Number(version), signal);
    return content ?? {};
  });
  return version === '' ? { value: document, problem: undefined } : found;
}

function VersionChoice({
  label,
  name,
  value,
  versions,
}: {
  label: string;
  name: 'v' | 'against';
  value: string;
  versions: readonly VersionEntry[];
}): JSX.Element {
  return (
    <select
      class="input"
      aria-label={label}
      value={value}
      onChange={event => setQuery({ [name]: event.currentTarget.value })}
    >
      {name === 'against' && <option value="">{words().inTheEditor}</option>}
      {versions.map(({ version, time }) => (
        <option key={version} value={String(version)}>
          {version} · {dateTime(time)}
        </option>
      ))}
    </select>
  );
}

function Differences({ from, to }: { from: Document; to: Document }): JSX.Element {
  const changes = changesBetween(from, to);
  if (changes.length === 0) return <p class="body ink-2">{words().noDifference}</p>;
  return (
    <div class="diff">
      {changes.map(change => (
        <ValueChange
          key={keyOf(change.path)}
          path={labelOf(change.path)}
          from={shownValue(change.from)}
          to={shownValue(change.to)}
        />
      ))}
    </div>
  );
}
