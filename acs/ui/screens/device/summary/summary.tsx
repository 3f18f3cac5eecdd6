// The summary of a device: is it well, and why not.
import type { JSX } from 'preact';
import type { TabProps } from '../props.ts';
import { ConnectionPanel } from './connection.tsx';

export const SummaryTab = ({ device }: TabProps): JSX.Element => (
  <div class="cols">
    <ConnectionPanel device={device} />
  </div>
);
