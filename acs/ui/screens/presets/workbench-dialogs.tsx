// The questions of a preset: leave it unsaved, copy it, delete it, save it although devices are lost.
import type { JSX } from 'preact';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { LazyPart } from '../../components/lazy-part.tsx';
import type { Lazy } from '../../state/lazy.ts';
import { presets } from '../../words/en/presets.ts';
import { textsOf } from '../../words/texts.ts';
import type { DeleteDialogProps } from './delete-dialog.tsx';
import { LeaveDialog } from './leave-dialog.tsx';
import type { Loss } from './loss-note.tsx';
import { NameDialog } from './name-dialog.tsx';
import type { Bench } from './use-workbench.ts';

const words = textsOf('presets', presets);

const deletion: Lazy<DeleteDialogProps> = { load: async () => (await import('./delete-dialog.tsx')).DeleteDialog };

export type OpenDialog = 'force' | 'copy' | 'delete';

export interface WorkbenchDialogsProps {
  bench: Bench;
  opened: OpenDialog | undefined;
  onClose: () => void;
}

export function WorkbenchDialogs({ bench, opened, onClose }: WorkbenchDialogsProps): JSX.Element {
  const { name, stored, editing, loss, force } = bench;
  return (
    <>
      {editing.isChanged && <LeaveDialog onDiscard={editing.discard} />}
      {opened === 'copy' && (
        <NameDialog title={words().copyOf(name)} document={editing.document} names={[name]} onClose={onClose} />
      )}
      {opened === 'delete' && <LazyPart of={deletion} props={{ name, etag: stored?.etag, onClose }} />}
      {opened === 'force' && loss && <ForceDialog name={name} loss={loss} onForce={force} onClose={onClose} />}
    </>
  );
}

interface ForceDialogProps {
  name: string;
  loss: Loss;
  onForce: () => Promise<void>;
  onClose: () => void;
}

/** The number is typed; the name of the preset where no number is known. */
const ForceDialog = ({ name, loss: { count }, onForce, onClose }: ForceDialogProps): JSX.Element => (
  <Confirm
    title={words().saveAllTheSame}
    action={words().saveNow}
    typed={String(count ?? name)}
    isDangerous
    onConfirm={onForce}
    onClose={onClose}
  >
    <p>{count === undefined ? words().wouldLoseAll : words().wouldLose(count)}</p>
    <p>{words().wouldLoseWhy}</p>
  </Confirm>
);
