// A dialog that changes something by a form: it closes when the change is made, and shows in it why it was refused.
import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../../../api/problem.ts';
import { Dialog } from '../../../components/dialogs/dialog.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { frame } from '../../../words/en/frame.ts';
import { textsOf } from '../../../words/texts.ts';
import { Curl, type CurlProps } from './curl.tsx';

const words = textsOf('frame', frame);

export interface FormDialogProps {
  title: string;
  /** The verb on the button. */
  action: string;
  isReady?: boolean;
  onSubmit: () => Promise<void>;
  onClose: () => void;
  /** The call that it makes, below the device. */
  curl: CurlProps;
  children: ComponentChildren;
}

export function FormDialog({
  title,
  action,
  isReady = true,
  onSubmit,
  onClose,
  curl,
  children,
}: FormDialogProps): JSX.Element {
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  const submit = async (): Promise<void> => {
    if (!isReady || isBusy) return;
    setBusy(true);
    try {
      await onSubmit();
      onClose();
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };
  const footer = (
    <>
      <Curl {...curl} />
      <button class="btn" type="button" onClick={onClose}>
        {words().cancel}
      </button>
      <button class="btn primary" type="submit" form={id} disabled={!isReady || isBusy}>
        {action}
      </button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} footer={footer}>
      <form
        class="stack"
        id={id}
        onSubmit={event => {
          event.preventDefault();
          void submit();
        }}
      >
        {problem && <ProblemNote problem={problem} />}
        {children}
      </form>
    </Dialog>
  );
}
