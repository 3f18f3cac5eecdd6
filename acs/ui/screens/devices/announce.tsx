// Announces one device before it comes. Many are announced by CSV, on the screen of enrolment.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { announceDevice } from '../../api/devices.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { Dialog } from '../../components/dialogs/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { hrefOf } from '../../state/location.ts';
import { tell } from '../../state/toasts.ts';
import { devices } from '../../words/en/devices.ts';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('devices', devices);
const frameWords = textsOf('frame', frame);

export interface AnnounceProps {
  onAnnounced: () => void;
  onClose: () => void;
}

const unfilled = { id: '', tags: '', site: '' };

export function Announce({ onAnnounced, onClose }: AnnounceProps): JSX.Element {
  const [filled, setFilled] = useState(unfilled);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const send = async (): Promise<void> => {
    const id = filled.id.trim();
    const tags = filled.tags.split(/[\s,]+/).filter(tag => tag !== '');
    const name = filled.site.trim();
    try {
      await announceDevice({
        id,
        ...(tags.length > 0 ? { tags } : {}),
        ...(name === '' ? {} : { site: { name } }),
      });
      const href = hrefOf(`/devices/${encodeURIComponent(id)}/summary`);
      tell({ tone: 'ok', text: words().announced(id), link: { href, text: words().keys.open } });
      onAnnounced();
      onClose();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const footer = (
    <>
      <a class="btn quiet" href={hrefOf('/enrolment/announced')}>
        {words().announceMany}
      </a>
      <button class="btn push" type="button" onClick={onClose}>
        {frameWords().cancel}
      </button>
      <button class="btn primary" type="button" disabled={filled.id.trim() === ''} onClick={() => void send()}>
        {words().announce}
      </button>
    </>
  );
  const field = (name: keyof typeof unfilled, label: string, help?: string): JSX.Element => (
    <Field label={label} help={help}>
      {control => (
        <input
          {...control}
          class={name === 'id' ? 'input mono' : 'input'}
          autocomplete="off"
          value={filled[name]}
          onInput={event => setFilled({ ...filled, [name]: event.currentTarget.value })}
          {...(name === 'id' ? { 'data-focus': true } : {})}
        />
      )}
    </Field>
  );
  return (
    <Dialog title={words().announceTitle} onClose={onClose} footer={footer}>
      {problem && <ProblemNote problem={problem} />}
      {field('id', words().columns.id, words().idHelp)}
      {field('site', words().columns['site.name'])}
      {field('tags', words().columns.tags, words().tagsHelp)}
    </Dialog>
  );
}
