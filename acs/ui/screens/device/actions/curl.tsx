// The call of an action, as a line for a shell.
import type { JSX } from 'preact';
import { curlOf } from '../../../api/call.ts';
import { devicePath } from '../../../api/devices.ts';
import { CopyButton } from '../../../components/copy-button.tsx';
import { frame } from '../../../words/en/frame.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('frame', frame);

export interface CurlProps {
  method: string;
  /** The id of the device. */
  id: string;
  /** Below the device. */
  rest?: string;
  body?: unknown;
}

export const Curl = ({ method, id, rest = '', body }: CurlProps): JSX.Element => (
  <CopyButton class="btn quiet tiny" icon="terminal" text={() => curlOf(method, devicePath(id, rest), { body })}>
    {words().copyCurl}
  </CopyButton>
);
