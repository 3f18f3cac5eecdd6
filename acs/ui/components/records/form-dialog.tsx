// A dialog with a form: it closes once what it sends is accepted; a refusal is shown in it.
import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../../api/problem.ts';
import { frame } from '../../words/en/frame.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';
import { Dialog } from '../dialogs/dialog.tsx';
import { ProblemNote } from '../problem-note.tsx';
import { CopyCurl } from './copy-curl.tsx';

const words = textsOf('records', records);
const general = textsOf('frame', frame);

export interface FormDialogProps {
  title: string;
  /** The verb on the button; default: save. */
  action?: string;
  isReady?: boolean | undefined;
  /** @returns true where the dialog stays, to show what came of it */
  onSend: () => Promise<boolean | undefined>;
  onClose: () => void;
  /** The call that is sent, as a line for a shell. */
  curl?: () => string;
  /** Stands before the buttons. */
  aside?: ComponentChildren;
  children: ComponentChildren;
}

export function FormDialog({
  title,
  action,
  isReady = true,
  onSend,
  onClose,
  curl,
  aside,
  children,
}: FormDialogProps): JSX.Element {
  const id = useId();
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [step, setStep] = useState<'typed' | 'sent' | 'done'>('typed');
  const send = async (): Promise<void> => {
    setStep('sent');
    setProblem(undefined);
    try {
      if (await onSend()) setStep('done');
      else onClose();
    } catch (error) {
      setProblem(problemOf(error));
      setStep('typed');
    }
  };
  const footer = (
    <>
      {aside}
      {curl && step === 'typed' && <CopyCurl curl={curl} />}
      <button class="btn" type="button" onClick={onClose}>
        {step === 'done' ? general().close : general().cancel}
      </button>
      {step !== 'done' && (
        <button class="btn primary" type="submit" form={id} disabled={!isReady || step === 'sent'}>
          {action ?? words().save}
        </button>
      )}
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} footer={footer}>
      <form
        id={id}
        class="stack"
        onSubmit={event => {
          event.preventDefault();
          void send();
        }}
      >
        {children}
      </form>
      {problem && <ProblemNote problem={problem} />}
      {problem?.status === 412 && <p class="bad">{words().otherWriter}</p>}
    </Dialog>
  );
}
