// The pages that the bar of a phone has no place for.
import type { JSX } from 'preact';
import { Dialog } from '../components/dialogs/dialog.tsx';
import { Icon } from '../components/icon.tsx';
import { hrefOf } from '../state/location.ts';
import { may } from '../state/session.ts';
import { frame } from '../words/en/frame.ts';
import { textsOf } from '../words/texts.ts';
import { pages } from './pages.ts';

const words = textsOf('frame', frame);

export const MoreSheet = ({ onClose }: { onClose: () => void }): JSX.Element => (
  <Dialog title={words().more} onClose={onClose}>
    <nav class="stack" aria-label={words().more}>
      {pages
        .filter(({ isRest, needs }) => isRest && may(needs))
        .map(({ name, path }) => (
          <a key={name} class="btn" href={hrefOf(path)} onClick={onClose}>
            <Icon name={name} />
            {words().pages[name]}
          </a>
        ))}
    </nav>
  </Dialog>
);
