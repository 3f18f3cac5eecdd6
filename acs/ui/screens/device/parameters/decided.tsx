// The question before a value is edited that a preset decides: for this device alone, or in the preset.
import type { JSX } from 'preact';
import { Dialog } from '../../../components/dialogs/dialog.tsx';
import { Path } from '../../../components/path.tsx';
import { hrefOf } from '../../../state/location.ts';
import { may } from '../../../state/session.ts';
import { parameters } from '../../../words/en/device/parameters.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('deviceParameters', parameters);

export interface DecidedProps {
  path: string;
  preset: string;
  onOverride: () => void;
  onClose: () => void;
}

export const DecidedDialog = ({ path, preset, onOverride, onClose }: DecidedProps): JSX.Element => (
  <Dialog
    title={words().decided(preset)}
    onClose={onClose}
    footer={
      <>
        <a class="btn" href={hrefOf(`/presets/${encodeURIComponent(preset)}`)}>
          {words().changePreset}
        </a>
        {may('patchDevice') && (
          <button class="btn primary" type="button" data-focus onClick={onOverride}>
            {words().overrideHere}
          </button>
        )}
      </>
    }
  >
    <p>
      <Path of={path} />
    </p>
    <p class="ink-2">{words().decidedText}</p>
  </Dialog>
);
