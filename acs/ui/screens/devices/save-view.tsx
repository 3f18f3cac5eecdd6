// Saves the list as it is under a name, or deletes the view that is shown.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Problem, problemOf } from '../../api/problem.ts';
import { deleteView, putView } from '../../api/views.ts';
import { Dialog } from '../../components/dialogs/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { setQuery } from '../../state/location.ts';
import { devices } from '../../words/en/devices.ts';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';
import { defaultColumns } from './columns.tsx';
import type { Search } from './search.ts';

const words = textsOf('devices', devices);
const frameWords = textsOf('frame', frame);

export interface SaveViewProps {
  search: Search;
  /** The view in the address; '' for none. */
  view: string;
  onSaved: () => void;
  onClose: () => void;
}

export function SaveView({ search, view, onSaved, onClose }: SaveViewProps): JSX.Element {
  const [name, setName] = useState(view);
  const [shared, setShared] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const run = async (act: () => Promise<unknown>, shown: string | undefined): Promise<void> => {
    try {
      await act();
      setQuery({ view: shown });
      onSaved();
      onClose();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const save = async (): Promise<void> => {
    if (name.trim() === '') return;
    const isDefault = search.columns.join() === defaultColumns.join();
    const saved = { q: search.text, cols: isDefault ? [] : [...search.columns], sort: search.sort, shared };
    await run(async () => await putView(name.trim(), saved), name.trim());
  };
  const footer = (
    <>
      {view !== '' && (
        <button
          class="btn danger"
          type="button"
          onClick={() => void run(async () => await deleteView(view), undefined)}
        >
          {words().deleteView(view)}
        </button>
      )}
      <button class="btn push" type="button" onClick={onClose}>
        {frameWords().cancel}
      </button>
      <button class="btn primary" type="button" disabled={name.trim() === ''} onClick={() => void save()}>
        {words().saveView}
      </button>
    </>
  );
  return (
    <Dialog title={words().saveView} onClose={onClose} footer={footer}>
      {problem && <ProblemNote problem={problem} />}
      <Field label={words().viewName} help={words().viewHelp}>
        {control => (
          <input
            {...control}
            class="input"
            data-focus
            autocomplete="off"
            maxLength={64}
            value={name}
            onInput={event => setName(event.currentTarget.value)}
            onKeyDown={event => {
              if (event.key === 'Enter') void save();
            }}
          />
        )}
      </Field>
      <label class="row">
        <input type="checkbox" checked={shared} onChange={event => setShared(event.currentTarget.checked)} />
        {words().shareView}
      </label>
    </Dialog>
  );
}
