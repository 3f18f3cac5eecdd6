// A button that copies a call as a line for a shell.
import type { JSX } from 'preact';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';
import { CopyButton } from '../copy-button.tsx';

const words = textsOf('frame', frame);
/** Stands for a secret. */
export const MASK = '***';

export const CopyCurl = ({ curl }: { curl: () => string }): JSX.Element => (
  <CopyButton class="btn quiet tiny" icon="terminal" text={curl}>
    {words().copyCurl}
  </CopyButton>
);
