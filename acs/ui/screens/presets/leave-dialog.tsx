// The question before an unsaved text is left.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Dialog } from '../../components/dialogs/dialog.tsx';
import { askBeforeLeaving } from '../../state/location.ts';
import { presets } from '../../words/en/presets.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('presets', presets);

/** Asks while it is shown. */
export function LeaveDialog({ onDiscard }: { onDiscard: () => void }): JSX.Element | null {
  const [leave, setLeave] = useState<{ run: () => void } | undefined>(undefined);
  useEffect(() => askBeforeLeaving(run => setLeave({ run })), []);
  if (!leave) return null;
  const stay = (): void => setLeave(undefined);
  const footer = (
    <>
      <button class="btn" type="button" data-focus onClick={stay}>
        {words().stay}
      </button>
      <button
        class="btn danger"
        type="button"
        onClick={() => {
          onDiscard();
          leave.run();
        }}
      >
        {words().discardAndLeave}
      </button>
      <button class="btn" type="button" onClick={leave.run}>
        {words().keepAndLeave}
      </button>
    </>
  );
  return (
    <Dialog title={words().unsaved} onClose={stay} footer={footer}>
      <p>{words().unsavedHint}</p>
    </Dialog>
  );
}
