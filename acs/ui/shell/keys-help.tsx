// The list of the keys that act on this page.
import { Fragment, type JSX } from 'preact';
import { Dialog } from '../components/dialogs/dialog.tsx';
import { hrefOf } from '../state/location.ts';
import { frame } from '../words/en/frame.ts';
import { textsOf } from '../words/texts.ts';
import type { LayerProps } from './layer.ts';

const words = textsOf('frame', frame);

/** @param list as it was before the dialog opened */
export const KeysHelp = ({ list, onClose }: LayerProps): JSX.Element => (
  <Dialog title={words().keys} onClose={onClose}>
    <dl class="kv">
      {list
        .filter(({ label }) => label !== undefined)
        .map(({ keys, label }) => (
          <Fragment key={keys + label}>
            <dt>
              <kbd>{keys.replace('Ctrl+', 'Ctrl ').replace('Alt+', 'Alt ').replace('Arrow', '')}</kbd>
            </dt>
            <dd>{label}</dd>
          </Fragment>
        ))}
    </dl>
    <p>
      <a href={hrefOf('/help')} onClick={onClose}>
        {words().allHelp}
      </a>
    </p>
  </Dialog>
);
