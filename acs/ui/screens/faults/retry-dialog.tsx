// The question before faults are tried again: it shows their count, which has to be typed where it is large.
import type { JSX } from 'preact';
import { type FaultSearch, retryFaults } from '../../api/faults.ts';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { tell } from '../../state/toasts.ts';
import { faults } from '../../words/en/faults/faults.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('faults', faults);
/** Above it the count is typed. */
const UNTYPED = 100;

export interface RetryDialogProps {
  search: FaultSearch;
  count: number;
  onDone: () => void;
  onClose: () => void;
}

export const RetryDialog = ({ search, count, onDone, onClose }: RetryDialogProps): JSX.Element => (
  <Confirm
    title={words().retryTitle(count)}
    action={words().retryAction}
    typed={count > UNTYPED ? String(count) : undefined}
    onClose={onClose}
    onConfirm={async () => {
      const cleared = await retryFaults(search, count);
      tell({ tone: 'ok', text: words().retried(cleared) });
      onDone();
    }}
  >
    <p>{words().retryText}</p>
  </Confirm>
);
