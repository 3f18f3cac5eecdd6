// A question before something that cannot be taken back, or that reaches many.
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Problem, problemOf } from '../../api/problem.ts';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';
import { ProblemNote } from '../problem-note.tsx';
import { Dialog } from './dialog.tsx';

const words = textsOf('frame', frame);

export interface ConfirmProps {
  title: string;
  children?: ComponentChildren;
  /** The verb on the button. */
  action: string;
  /** A text that has to be typed first: a serial number, a name, a count. */
  typed?: string | undefined;
  isDangerous?: boolean;
  /** The dialog closes when it has succeeded; a failure is shown in it. */
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

export function Confirm({
  title,
  children,
  action,
  typed,
  isDangerous = false,
  onConfirm,
  onClose,
}: ConfirmProps): JSX.Element {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const isReady = !isBusy && (typed === undefined || text.trim() === typed);
  const confirm = async (): Promise<void> => {
    if (!isReady) return;
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };
  const footer = (
    <>
      <button class="btn" type="button" onClick={onClose} {...(typed === undefined ? { 'data-focus': true } : {})}>
        {words().cancel}
      </button>
      <button
        class={`btn ${isDangerous ? 'danger' : 'primary'}`}
        type="button"
        disabled={!isReady}
        onClick={() => void confirm()}
      >
        {action}
      </button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} footer={footer}>
      {children}
      {problem && <ProblemNote problem={problem} />}
      {typed !== undefined && (
        <label class="field">
          <span>{words().typeToConfirm(typed)}</span>
          <input
            class="input mono"
            data-focus
            autocomplete="off"
            value={text}
            onInput={event => setText(event.currentTarget.value)}
            onKeyDown={event => {
              if (event.key === 'Enter') void confirm();
            }}
          />
        </label>
      )}
    </Dialog>
  );
}
