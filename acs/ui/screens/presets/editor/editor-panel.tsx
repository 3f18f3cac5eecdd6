// The editor of a preset: as JSON with marks and completion, or as a form.
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { CodeEditor } from '../../../components/code/code-editor.tsx';
import type { Mark } from '../../../components/code/code-lines.tsx';
import { LazyPart } from '../../../components/lazy-part.tsx';
import type { Lazy } from '../../../state/lazy.ts';
import { presets } from '../../../words/en/presets.ts';
import { textsOf } from '../../../words/texts.ts';
import { keyOf, textIn } from '../document.ts';
import type { Fit } from '../effects/use-fit.ts';
import type { Editing } from '../use-preset.ts';
import { completionsAt } from './complete.ts';
import type { PresetFormProps } from './preset-form.tsx';
import { lineOfSetting, type TextFault } from './text-fault.ts';

const words = textsOf('presets', presets);

const form: Lazy<PresetFormProps> = { load: async () => (await import('./preset-form.tsx')).PresetForm };

export interface EditorPanelProps {
  editing: Editing;
  fit: Fit;
  fault: TextFault | undefined;
  isReadOnly: boolean;
}

export function EditorPanel({ editing, fit, fault, isReadOnly }: EditorPanelProps): JSX.Element {
  const { draft, walk, document, changes, write } = editing;
  const [isForm, setForm] = useState(false);
  const marks = useMemo(() => {
    const lines = changes.map(({ path }) => lineOfSetting(walk, draft.text, keyOf(path)));
    const found = new Map<number, Mark>(
      lines.flatMap(line => (line === undefined ? [] : [[line, { tone: 'changed' }]])),
    );
    if (fault?.line !== undefined) found.set(fault.line, { tone: 'wrong', column: fault.column });
    return found;
  }, [changes, walk, draft.text, fault]);
  const complete = async (offset: number, signal: AbortSignal) =>
    await completionsAt(
      {
        ...{ walk, text: draft.text, when: textIn(document, 'when'), example: fit.example },
        ...{ names: words().fields, notes: { readOnly: words().readOnly } },
      },
      offset,
      signal,
    );
  return (
    <section class="panel" aria-label={words().editor}>
      <header>
        <h2>{words().preset}</h2>
        <fieldset class="btns push" aria-label={words().shape}>
          <button class="btn tiny" type="button" aria-pressed={isForm} onClick={() => setForm(true)}>
            {words().form}
          </button>
          <button class="btn tiny" type="button" aria-pressed={!isForm} onClick={() => setForm(false)}>
            JSON
          </button>
        </fieldset>
      </header>
      {isForm ? (
        <LazyPart of={form} props={{ document, onWrite: write, isReadOnly }} />
      ) : (
        <CodeEditor
          label={words().presetAsJson}
          value={draft.text}
          onInput={write}
          marks={marks}
          isReadOnly={isReadOnly}
          isInvalid={fault !== undefined}
          describedBy="preset-fault"
          complete={complete}
        />
      )}
      <footer class="row">
        <span id="preset-fault" {...(fault ? { class: 'bad' } : {})}>
          {fault ? words().faultAt(fault.line, fault.message) : isReadOnly ? words().mayNotEdit : words().keys}
        </span>
        <FitCount fit={fit} />
      </footer>
    </section>
  );
}

const FitCount = ({ fit: { count, ms = 0, problem } }: { fit: Fit }): JSX.Element => (
  <span class="push" aria-live="off">
    {count !== undefined ? words().fitsIn(count, ms) : problem ? '' : words().counting}
  </span>
);
