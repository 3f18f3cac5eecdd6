// Another writer was faster: what both have changed, one beside the other, and what the own text becomes.
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Answer } from '../../../api/call.ts';
import type { Document } from '../../../api/presets.ts';
import { Note } from '../../../components/note.tsx';
import { Path } from '../../../components/path.tsx';
import { presets } from '../../../words/en/presets.ts';
import { textsOf } from '../../../words/texts.ts';
import { documentOf, keyOf, labelOf, shownValue, textOf, withSetting } from '../document.ts';
import { type MergeRow, mergeOf } from '../merge.ts';
import type { Editing } from '../use-preset.ts';

const words = textsOf('presets', presets);

export interface ThreeWayProps {
  stored: Answer<Document>;
  editing: Editing;
}

export function ThreeWay({ stored, editing }: ThreeWayProps): JSX.Element {
  const { draft, document, rebase, discard } = editing;
  const { name: _name, ...theirs } = stored.value;
  const merge = useMemo(
    () => document && mergeOf(documentOf(draft.base) ?? {}, theirs, document),
    [draft.base, document, stored],
  );
  const [choices, setChoices] = useState<ReadonlyMap<string, 'theirs' | 'own'>>(new Map());
  const open = merge?.rows.filter(({ path, isConflict }) => isConflict && !choices.has(keyOf(path))) ?? [];
  const takeOver = (): void => {
    if (!merge) return;
    const chosen = merge.rows
      .filter(({ path }) => choices.get(keyOf(path)) === 'theirs')
      .reduce((result, { path, theirs: value }) => withSetting(result, path, value), merge.document);
    rebase(stored, textOf(chosen));
  };
  return (
    <section class="panel" aria-label={words().threeWay}>
      <Note tone="warn" isAlert>
        <b>{words().overtaken}</b> {words().overtakenHint}
      </Note>
      {!merge && <p class="body help">{words().mergeNeedsJson}</p>}
      {merge && (
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{words().setting}</th>
              <th scope="col">{words().wasBefore}</th>
              <th scope="col">{words().theirs}</th>
              <th scope="col">{words().yours}</th>
            </tr>
          </thead>
          <tbody>
            {merge.rows.map(row => (
              <MergeLine
                key={keyOf(row.path)}
                row={row}
                choice={choices.get(keyOf(row.path))}
                onChoose={choice => setChoices(new Map([...choices, [keyOf(row.path), choice]]))}
              />
            ))}
          </tbody>
        </table>
      )}
      <footer class="row">
        <button class="btn" type="button" disabled={!merge || open.length > 0} onClick={takeOver}>
          {words().merge}
        </button>
        <button class="btn quiet" type="button" onClick={discard}>
          {words().discardOwn}
        </button>
        {open.length > 0 && <span>{words().chooseFirst(open.length)}</span>}
      </footer>
    </section>
  );
}

interface MergeLineProps {
  row: MergeRow;
  choice: 'theirs' | 'own' | undefined;
  onChoose: (choice: 'theirs' | 'own') => void;
}

function MergeLine({ row: { path, base, theirs, own, isConflict }, choice, onChoose }: MergeLineProps): JSX.Element {
  const label = labelOf(path);
  const side = (which: 'theirs' | 'own', value: unknown): JSX.Element => {
    const text = shownValue(value) ?? words().nothing;
    const shown = <span class="mono wrap-any">{text}</span>;
    if (!isConflict) return shown;
    return (
      <label class="row nowrap">
        <input
          type="radio"
          name={label}
          checked={choice === which}
          aria-label={which === 'theirs' ? words().takeTheirs(label, text) : words().keepOwn(label, text)}
          onChange={() => onChoose(which)}
        />
        {shown}
      </label>
    );
  };
  return (
    <tr>
      <th scope="row">
        <Path of={label} /> {isConflict && <span class="tag warn">{words().bothChanged}</span>}
      </th>
      <td class="mono ink-2 wrap-any">{shownValue(base) ?? words().nothing}</td>
      <td>{side('theirs', theirs)}</td>
      <td>{side('own', own)}</td>
    </tr>
  );
}
