// The name of a new preset, or of a copy. Nothing is stored before it is saved.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Document } from '../../api/presets.ts';
import { Dialog } from '../../components/dialogs/dialog.tsx';
import { go, hrefOf } from '../../state/location.ts';
import { presets } from '../../words/en/presets.ts';
import { textsOf } from '../../words/texts.ts';
import { textOf } from './document.ts';
import { keepDraft } from './draft.ts';

const words = textsOf('presets', presets);
const first: Document = { when: 'productClass = ""', weight: 0, set: {} };

export interface NameDialogProps {
  title: string;
  /** The content to begin with. */
  document?: Document | undefined;
  names: readonly string[];
  onClose: () => void;
}

export function NameDialog({ title, document = first, names, onClose }: NameDialogProps): JSX.Element {
  const [name, setName] = useState('');
  const wrong = !/^[\w.-]{0,64}$/.test(name) ? words().badName : names.includes(name) ? words().nameTaken : undefined;
  const create = (): void => {
    if (wrong || name === '') return;
    keepDraft(name, { text: textOf(document), base: '', etag: undefined });
    onClose();
    go(hrefOf(`/presets/${encodeURIComponent(name)}`));
  };
  const footer = (
    <>
      <button class="btn" type="button" onClick={onClose}>
        {words().cancel}
      </button>
      <button class="btn primary" type="button" disabled={wrong !== undefined || name === ''} onClick={create}>
        {words().begin}
      </button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} footer={footer}>
      <div class="field">
        <label for="preset-name">{words().name}</label>
        <input
          class="input mono"
          id="preset-name"
          data-focus
          autocomplete="off"
          value={name}
          aria-invalid={wrong !== undefined}
          aria-describedby="preset-name-help"
          onInput={event => setName(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key === 'Enter') create();
          }}
        />
        <span class={`help ${wrong ? 'bad' : ''}`} id="preset-name-help">
          {wrong ?? words().nameHelp}
        </span>
      </div>
    </Dialog>
  );
}
